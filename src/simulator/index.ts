export { type ChaosProfileConfig, chaosProfile } from './chaos/chaosProfile.ts';
export {
  type ChaosProfile,
  type ChaosProfileName,
  chaosProfiles,
  type HazardName,
} from './chaos/profiles.ts';
export { type CogSimulator, type CogSimulatorConfig, startCogSimulator } from './cog/startCogSimulator.ts';
export type { DurationConfig, SimulatorConfig } from './engine/config.ts';
export type { SimulatorStats } from './engine/counters.ts';
export type { Fault, FileFault, SimulatorFaults, WantedPrediction, WebhookFault } from './engine/faults.ts';
export type { SimulatedPrediction, WebhookEvent } from './engine/simulatedPrediction.ts';
export { type Simulator, startSimulator } from './startSimulator.ts';
