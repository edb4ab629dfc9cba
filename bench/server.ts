// Runs the simulator in a separate process, so that drawing and serving do not count.
import { type SimulatedPrediction, type SimulatorConfig, startSimulator } from '../src/simulator/index.ts';

/**
 * The share of webhooks that are lost, 0 to 1: JSON cannot carry the simulator's fault function.
 */
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
