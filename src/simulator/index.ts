export { type ChaosProfileConfig, chaosProfile } from './chaos/chaosProfile.ts';
export {
  type ChaosProfile,
  type ChaosProfileName,
  chaosProfiles,
  type HazardName,
} from './chaos/chaosProfiles.ts';
export { type CogSimulator, type CogSimulatorConfig, startCogSimulator } from './cog/startCogSimulator.ts';
export type { SimulatedPrediction, WebhookEvent } from './SimulatedPrediction.ts';
export type { DurationConfig, SimulatorConfig } from './SimulatorConfig.ts';
export type { Fault, FileFault, SimulatorFaults, WantedPrediction, WebhookFault } from './SimulatorFaults.ts';
export type { SimulatorStats } from './SimulatorStats.ts';
export { type Simulator, startSimulator } from './startSimulator.ts';
