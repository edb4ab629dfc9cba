export {
  type Downloaded,
  type Failed,
  type Item,
  type ItemRequest,
  isFailed,
  type Made,
  type MissingFile,
  type RefusedOriginal,
  type Rendered,
  type RenderedOriginal,
  type UnusableOutputs,
} from '../base/items/item.ts';
export { type ClockScheduler, monotonicScheduler } from '../base/monotonicScheduler.ts';
export { type AdaptivePollConfig, adaptivePoll } from './adaptivePoll.ts';
export {
  type Cached,
  type CachedByConfig,
  cachedBy,
  createSingleFlight,
  type Landed,
  type SingleFlight,
} from './cachedBy.ts';
export { type FallbackToConfig, fallbackTo } from './fallbackTo.ts';
export { createGate, type Gate, type GateConfig, gate } from './gate.ts';
export { type InWavesConfig, inWaves, type WaveNews } from './inWaves.ts';
export { type KeepBestConfig, keepBest } from './keepBest.ts';
export {
  type Breaker,
  type BreakerConfig,
  type CircuitBreakerConfig,
  circuitBreaker,
  createBreaker,
  type OpenedCircuit,
} from './pace/circuitBreaker.ts';
export {
  type ConcurrencyLearner,
  type ConcurrencyLearnerConfig,
  createConcurrencyLearner,
} from './pace/concurrencyLearner.ts';
export { createGovernor, type GovernorConfig } from './pace/governor.ts';
export { createOutage, type Outage, type OutageConfig } from './pace/outage.ts';
export { paced } from './pace/paced.ts';
export { type RateLimitConfig, rateLimit } from './pace/rateLimit.ts';
export { throughOutage } from './pace/throughOutage.ts';
export {
  type AwaitPredictionConfig,
  awaitPrediction,
  createEventFollower,
} from './predictions/awaitPrediction.ts';
export { type CancelPredictionConfig, cancelPrediction } from './predictions/cancelPrediction.ts';
export type { CreateOnceConfig } from './predictions/createOnce.ts';
export { type CreatePredictionConfig, createPrediction } from './predictions/createPrediction.ts';
export { createListPoller, type ListPollerConfig } from './predictions/listPoller.ts';
export { createLookout, type Lookout, type LookoutConfig } from './predictions/lookout.ts';
export { type Attempt, createAttempt, type SentRequest } from './predictions/lost/attempt.ts';
export type { FindConfig } from './predictions/lost/searches.ts';
export type { Match } from './predictions/matching/match.ts';
export type { ShownRequest } from './predictions/matching/matchRequest.ts';
export type { PollScheduleConfig } from './predictions/pollSchedule.ts';
export type { Surplus } from './predictions/surplus.ts';
export {
  type ServiceOutage,
  type WatchedService,
  type WatchServiceConfig,
  watchService,
} from './predictions/watchService.ts';
export { type PullMapConfig, pullMap } from './pullMap.ts';
export { type RefineConfig, refine } from './refine.ts';
export { type LaneTurn, type RequeueConfig, requeue, type TaskNews } from './requeue.ts';
export { type RetryBackoffConfig, retryBackoff } from './retryBackoff.ts';
export { type BudgetTakeConfig, budgetTake, createLedger, type LedgerConfig } from './stages/budgetTake.ts';
export { type DeliverToConfig, type DeliveryPlace, deliverTo } from './stages/deliverTo.ts';
export {
  type DownloadNamesConfig,
  type DownloadOutputConfig,
  type DownloadPartsConfig,
  downloadOutput,
} from './stages/downloadOutput.ts';
export type { StemOf } from './stages/fileStems.ts';
export { type RenderedParts, type RenditionsConfig, renditions } from './stages/renditions.ts';
export { type Scored, type ScoreImageConfig, scoreImage } from './stages/scoreImage.ts';
export { type TallyConfig, tally } from './stages/tally.ts';
export { throwFailed } from './stages/throwFailed.ts';
export { createUploads, type Uploads, type UploadsConfig } from './stages/uploads.ts';
export { type WatchFilesConfig, watchFiles } from './stages/watchFiles.ts';
export { type TapEventsConfig, tapEvents } from './tapEvents.ts';
