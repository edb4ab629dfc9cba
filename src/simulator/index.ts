export { type ChaosProfileConfig, chaosProfile } from './chaos/chaosProfile.ts';
export {
  type ChaosProfile,
  type ChaosProfileName,
  chaosProfiles,
  type HazardName,
} from './chaos/profiles.ts';
export { type CogSimulator, type CogSimulatorConfig, startCogSimulator } from './cog/startCogSimulator.ts';
export type {
  DurationConfig,
  Fault,
  FileFault,
  SimulatorConfig,
  SimulatorFaults,
  SimulatorStats,
  WantedPrediction,
  WebhookFault,
} from './engine/config.ts';
export type { SimulatedPrediction, WebhookEvent } from './engine/simulatedPrediction.ts';
export { type Simulator, startSimulator } from './startSimulator.ts';
