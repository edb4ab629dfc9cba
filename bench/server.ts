// The simulator as a process of its own, so that drawing and serving do not count as anybody's work.
import { type SimulatedPrediction, type SimulatorConfig, startSimulator } from '../src/simulator/index.ts';

/** Functions do not survive JSON: which webhooks are lost is told as a part of them. */
const { dropWebhooks = 0, ...config }: SimulatorConfig & { dropWebhooks?: number } = JSON.parse(
  process.argv[2] ?? '{}',
);
const isLost = ({ serial }: Readonly<SimulatedPrediction>) => (serial * 7) % 100 < dropWebhooks * 100;
const simulator = await startSimulator({
  ...config,
  faults: { onWebhook: (prediction) => (isLost(prediction) ? { type: 'drop' } : null) },
});
process.send?.({ baseUrl: simulator.baseUrl, token: simulator.token });
process.on('message', () => process.send?.(simulator.stats()));
process.on('disconnect', () => process.exit());
