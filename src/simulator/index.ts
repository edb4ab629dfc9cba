export { type ChaosProfileConfig, chaosProfile } from './chaos/chaosProfile.ts';
export {
  type ChaosProfile,
  type ChaosProfileName,
  chaosProfiles,
  type HazardName,
} from './chaos/chaosProfiles.ts';
export type { SimulatedPrediction } from './SimulatedPrediction.ts';
export type { DurationConfig, SimulatorConfig } from './SimulatorConfig.ts';
export type { Fault, FileFault, SimulatorFaults, WantedPrediction } from './SimulatorFaults.ts';
export type { SimulatorStats } from './SimulatorStats.ts';
export { type Simulator, startSimulator } from './startSimulator.ts';
