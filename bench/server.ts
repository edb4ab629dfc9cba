// Runs the simulator in a separate process, so that drawing and serving do not count.
import { type SimulatedPrediction, type SimulatorConfig, startSimulator } from '../src/simulator/index.ts';
import type { FaultShares } from './startServer.ts';

// JSON cannot carry the simulator's fault functions.
const {
  dropWebhooks = 0,
  loseResponses = 0,
  cutFiles = 0,
  ...config
}: SimulatorConfig & FaultShares = JSON.parse(process.argv[2] ?? '{}');
const isStruck = ({ serial }: Readonly<SimulatedPrediction>, share: number) =>
  (serial * 7) % 100 < share * 100;
const cut = new Set<string>();
const simulator = await startSimulator({
  ...config,
  faults: {
    onWebhook: (prediction) => (isStruck(prediction, dropWebhooks) ? { type: 'drop' } : null),
    afterCreate: (prediction) => (isStruck(prediction, loseResponses) ? { type: 'reset' } : null),
    onFile: (prediction) => {
      if (!isStruck(prediction, cutFiles) || cut.has(prediction.id)) return null;
      cut.add(prediction.id);
      return { type: 'cut', share: 0.5 };
    },
  },
});
process.send?.({ baseUrl: simulator.baseUrl, token: simulator.token });
process.on('message', () => process.send?.(simulator.stats()));
process.on('disconnect', () => process.exit());
