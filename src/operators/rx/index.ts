// The operators that are about nothing but time and the order of values. They need rxjs alone and
// run in a browser; `rxposure/operators` has them, too.
export { type ClockScheduler, monotonicScheduler } from '../../base/monotonicScheduler.ts';
export { CircuitOpenError, ProviderError, RxposureError } from '../../errors.ts';
export type { CreateTicket, Governor } from '../../ports.ts';
export { type AdaptivePollConfig, adaptivePoll } from '../adaptivePoll.ts';
export {
  type Cached,
  type CachedByConfig,
  cachedBy,
  createSingleFlight,
  type Landed,
  type SingleFlight,
} from '../cachedBy.ts';
export { type FallbackToConfig, fallbackTo } from '../fallbackTo.ts';
export { createGate, type Gate, type GateConfig, gate } from '../gate.ts';
export { type InWavesConfig, inWaves, type WaveNews } from '../inWaves.ts';
export { type KeepBestConfig, keepBest } from '../keepBest.ts';
export {
  type Breaker,
  type BreakerConfig,
  type CircuitBreakerConfig,
  circuitBreaker,
  createBreaker,
  type OpenedCircuit,
} from '../pace/circuitBreaker.ts';
export {
  type ConcurrencyLearner,
  type ConcurrencyLearnerConfig,
  createConcurrencyLearner,
} from '../pace/concurrencyLearner.ts';
export { createGovernor, type GovernorConfig } from '../pace/governor.ts';
export { paced } from '../pace/paced.ts';
export { type RateLimitConfig, rateLimit } from '../pace/rateLimit.ts';
export { type PullMapConfig, pullMap } from '../pullMap.ts';
export { type RefineConfig, refine } from '../refine.ts';
export { type LaneTurn, type RequeueConfig, requeue, type TaskNews } from '../requeue.ts';
export { type RetryBackoffConfig, retryBackoff } from '../retryBackoff.ts';
export { type TapEventsConfig, tapEvents } from '../tapEvents.ts';
