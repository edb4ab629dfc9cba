export { type ChaosProfileConfig, chaosProfile } from './chaos/chaosProfile.ts';
export {
  type ChaosProfile,
  type ChaosProfileName,
  chaosProfiles,
  type HazardName,
} from './chaos/profiles.ts';
export { type CogSimulator, type CogSimulatorConfig, startCogSimulator } from './cog/startCogSimulator.ts';
export type {
  AccountLimits,
  DurationConfig,
  RunTimeConfig,
  ServerConfig,
  SimulatorConfig,
} from './engine/config.ts';
export type { CallStats, PredictionStats, RequestKind, SimulatorStats } from './engine/counters.ts';
export type {
  Fault,
  FileFault,
  ReplacedFile,
  SimulatorFaults,
  WantedPrediction,
  WebhookFault,
} from './engine/faults.ts';
export type {
  PredictionOrder,
  PredictionState,
  SimulatedPrediction,
  WebhookEvent,
  WebhookOrder,
} from './engine/simulatedPrediction.ts';
export type { InputDefinition, SimulatedModel } from './models/simulatedModel.ts';
export { type Simulator, startSimulator } from './startSimulator.ts';
