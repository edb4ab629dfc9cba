// The simulator as a process of its own, so that drawing and serving do not count as anybody's work.
import { type SimulatorConfig, startSimulator } from '../src/simulator/index.ts';

const config: SimulatorConfig = JSON.parse(process.argv[2] ?? '{}');
const simulator = await startSimulator(config);
process.send?.({ baseUrl: simulator.baseUrl, token: simulator.token });
process.on('message', () => process.send?.(simulator.stats()));
process.on('disconnect', () => process.exit());
