import { DeliveryError, DownloadError, ProviderError } from '../../errors.ts';

/**
 * A retry policy: the number of tries, the waits between them, and the errors worth another try.
 * The caller adds clock and jitter.
 */
interface RetryPolicy {
  /** Tries after the first one. Absent: the caller decides. */
  readonly retries?: number;
  /** Upper bound of the wait before the first retry; doubles with each retry. */
  readonly delayMs: number;
  /** Largest value of that bound. */
  readonly maxDelayMs: number;
  /** Longest wait that an error may ask for. Absent: that of `retryBackoff`. */
  readonly maxRetryAfterMs?: number;
  /**
   * Returns true if another try can help; `attempt` is the try that failed, 1-based. Absent: the
   * caller decides.
   */
  readonly shouldRetry?: (error: unknown, attempt: number) => boolean;
}

/** A wait that doubles from half a second up to half a minute. */
const usual = { delayMs: 500, maxDelayMs: 30_000 };

/**
 * The retry policies of all calls: `retryBackoff({ ...retryPolicies.ask, scheduler, random })`.
 * With full jitter a call waits for half of these times on average.
 */
export const retryPolicies = {
  /**
   * Asks about a prediction in flight, or cancels it: up to 3.5 minutes of waiting, because it is
   * paid for.
   */
  ask: { ...usual, retries: 12, shouldRetry: isRetryableRead },
  /** Reads the list about predictions in flight: if that fails, each is asked for by its id. */
  list: { ...usual, retries: 2, shouldRetry: isRecoverable },
  /** Reads the list for create requests whose response was lost: the next look is not far away. */
  look: { ...usual, retries: 2, shouldRetry: isRecoverable },
  /**
   * Reads it for the last time: as patient as `ask`. A 404 means that the prediction is not there.
   */
  lastLook: { ...usual, retries: 12, shouldRetry: isRecoverable },
  /** Asks about a prediction that an earlier run has created. */
  resume: { ...usual, retries: 6, shouldRetry: isRetryableRead },
  /**
   * Asks for an output that the journal has only cut short. A 404 means that the service has
   * deleted it.
   */
  refetch: { ...usual, retries: 6, shouldRetry: isRecoverableCall },
  /** Uploads an input file: free, and one too many does no harm. */
  upload: { ...usual, retries: 6, shouldRetry: isRecoverableCall },
  /** Downloads a file of an output. */
  download: { ...usual, retries: 5, shouldRetry: isRetryableDownload },
  /** Delivers an image to a destination: few retries, as the next run delivers the rest. */
  deliver: { ...usual, retries: 2, delayMs: 1_000, shouldRetry: isRecoverableDelivery },
  /**
   * Repeats a create request that certainly made nothing. Waits without jitter: the governor
   * spreads the requests.
   */
  create: { ...usual, retries: 8, delayMs: 1_000 },
  /** Runs a job again, in a new prediction. The run decides how often, and after which errors. */
  attempt: { ...usual, delayMs: 1_000 },
  /** Asks for a model or a secret before a run begins, while a person waits. */
  prepare: { ...usual, retries: 4, maxRetryAfterMs: 10_000, shouldRetry: isRecoverableCall },
} as const satisfies Record<string, RetryPolicy>;

/** A fresh prediction may be unknown to some of the service's machines for some seconds. */
const TRIES_AT_404 = 5;

/**
 * Returns true if a request about a prediction that is known to exist may succeed when it is
 * repeated.
 */
export function isRetryableRead(error: unknown, attempt: number): boolean {
  if (!(error instanceof ProviderError)) return false;
  return error.recoverable || (error.status === 404 && attempt <= TRIES_AT_404);
}

/** A fresh file may be unknown to some of the file host's machines for a moment. */
const TRIES_AT_GONE = 3;

function isRetryableDownload(error: unknown, attempt: number): boolean {
  if (!(error instanceof DownloadError)) return false;
  return error.recoverable || (error.code === 'ERR_OUTPUT_GONE' && attempt <= TRIES_AT_GONE);
}

function isRecoverableCall(error: unknown): boolean {
  return error instanceof ProviderError && error.recoverable;
}

function isRecoverableDelivery(error: unknown): boolean {
  return error instanceof DeliveryError && error.recoverable;
}

/**
 * Returns true for each recoverable error, those of this machine included: a lost create request
 * may be paid for, so the search lasts until file handles are free again.
 */
export function isRecoverable(error: unknown): boolean {
  return error instanceof Error && 'recoverable' in error && error.recoverable === true;
}
