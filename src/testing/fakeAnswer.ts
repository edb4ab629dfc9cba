import type { ClockScheduler } from '../base/monotonicScheduler.ts';
import type { ProviderError } from '../errors.ts';
import type { Json, PredictionRequest } from '../types.ts';

/** The course of one prediction; absent fields are those of the provider. */
export interface FakeCourse {
  /** Ms from the create request to the end. */
  readonly durationMs?: number;
  /** Default `succeeded`. */
  readonly status?: 'succeeded' | 'failed' | 'canceled' | 'aborted';
  /** Output, if it succeeds. Default: a list of one URL, `https://fake.example/p0.png`. */
  readonly output?: Json;
  /**
   * The error, if it does not succeed: `platform` for one that may pass by itself, so that a run
   * makes it again. Default `failed`.
   */
  readonly error?: string;
}

/** The result of one create request. */
export type FakeAnswer =
  /** The prediction is made, and the response comes. */
  | ({ readonly type: 'made' } & FakeCourse)
  /**
   * The response is lost. Unless `isMade` is false, the prediction was made: it runs, is paid, and
   * stands in the list.
   */
  | ({ readonly type: 'lost'; readonly isMade?: boolean } & FakeCourse)
  /** 429: nothing is made. `retryAfterMs` is the wait that the service names. Default: none. */
  | { readonly type: 'refused'; readonly retryAfterMs?: number }
  /** Fails with this error: nothing is made. */
  | { readonly type: 'error'; readonly error: ProviderError };

export interface FakeProviderConfig {
  /**
   * The results of the create requests, in the order in which they come; or a function of the
   * request and of its index, from 0. Those without an answer, and null, are `made`. Default: all.
   */
  creates?:
    | readonly (FakeAnswer | null)[]
    | ((request: PredictionRequest, index: number) => FakeAnswer | null);
  /** Ms that a prediction takes. Default 1000. */
  durationMs?: number;
  /** Ms until a response comes. Default 0: in the same call. */
  responseMs?: number;
  /** Ms for which the list lacks a prediction after it was made. Default 0. */
  listLagMs?: number;
  /**
   * True if the list guarantees that any prediction missing from it was not made
   * (`PredictionPage.isCurrent`), so that a lost request that made nothing is sent again at once.
   * Default false, as with Replicate.
   */
  listIsCurrent?: boolean;
  /** Predictions on a page of the list. Default 100. */
  pageSize?: number;
  /** Ms after its end when a prediction loses input and output. Default 3,600,000. */
  outputLifetimeMs?: number;
  /** Price of a prediction that succeeded, in millionths of a US dollar. Default 3000. */
  priceMicroUsd?: number;
  /** Returns the id of a prediction. Default `p0`, `p1`, … */
  idOf?: (index: number) => string;
  /** Clock of everything. Default monotonicScheduler, which is virtual inside `marbles`. */
  scheduler?: ClockScheduler;
}

/** Throws a RangeError if a duration of the config is not 0 ms or more, or the page size not 1. */
export function expectDurations(config: FakeProviderConfig): void {
  for (const name of ['durationMs', 'responseMs', 'listLagMs', 'outputLifetimeMs'] as const) {
    const { [name]: ms = 0 } = config;
    if (!(ms >= 0)) throw new RangeError(`Expected \`${name}\` to be 0 or more, got ${ms}`);
  }
  const { pageSize = 1 } = config;
  if (Number.isInteger(pageSize) && pageSize >= 1) return;
  throw new RangeError(`Expected \`pageSize\` to be an integer of 1 or more, got ${pageSize}`);
}
