export { type AdaptivePollConfig, adaptivePoll } from './adaptivePoll.ts';
export { type AdoptPredictionConfig, adoptPrediction } from './adoptPrediction.ts';
export { type AwaitPredictionConfig, awaitPrediction } from './awaitPrediction.ts';
export { type Budgeted, budgetTake } from './budgetTake.ts';
export { type Cached, type CachedByConfig, cachedBy } from './cachedBy.ts';
export { type CancelPredictionConfig, cancelPrediction } from './cancelPrediction.ts';
export { type CircuitBreakerConfig, circuitBreaker } from './circuitBreaker.ts';
export { type Breaker, type BreakerConfig, createBreaker, type OpenedCircuit } from './createBreaker.ts';
export { type Claims, createClaims } from './createClaims.ts';
export {
  type ConcurrencyLearner,
  type ConcurrencyLearnerConfig,
  createConcurrencyLearner,
} from './createConcurrencyLearner.ts';
export { createEventFollower } from './createEventFollower.ts';
export { createFlights, type Flights, type Landed } from './createFlights.ts';
export { createGate, type Gate } from './createGate.ts';
export { createGovernor, type GovernorConfig } from './createGovernor.ts';
export { createLedger, type LedgerConfig } from './createLedger.ts';
export { createListPoller, type ListPollerConfig } from './createListPoller.ts';
export { type CreatePredictionConfig, createPrediction } from './createPrediction.ts';
export { createUploads, type Uploads, type UploadsConfig } from './createUploads.ts';
export { type DeliveryPlace, deliverTo } from './deliverTo.ts';
export { type DownloadOutputConfig, downloadOutput } from './downloadOutput.ts';
export { type FallbackToConfig, fallbackTo } from './fallbackTo.ts';
export { gate } from './gate.ts';
export { type InWavesConfig, inWaves, type WaveNews } from './inWaves.ts';
export { type KeepBestConfig, keepBest } from './keepBest.ts';
export { type PullMapConfig, pullMap } from './pullMap.ts';
export { type RateLimitConfig, rateLimit } from './rateLimit.ts';
export { type RefineConfig, refine } from './refine.ts';
export { type RenderedOriginal, type RenditionsConfig, renditions } from './renditions.ts';
export { type LaneTurn, type RequeueConfig, requeue, type TaskNews } from './requeue.ts';
export { type RetryBackoffConfig, retryBackoff } from './retryBackoff.ts';
export { type Scored, type ScoreImageConfig, scoreImage } from './scoreImage.ts';
export { type TallyConfig, tally } from './tally.ts';
export { type TapEventsConfig, tapEvents } from './tapEvents.ts';
