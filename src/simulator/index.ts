export type { SimulatedPrediction } from './SimulatedPrediction.ts';
export type { Fault, SimulatorFaults } from './SimulatorFaults.ts';
export type { SimulatorStats } from './SimulatorStats.ts';
export { type Simulator, type SimulatorConfig, startSimulator } from './startSimulator.ts';
