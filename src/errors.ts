interface ErrorDetails {
  /** True where the same thing may succeed when it is tried again. */
  readonly recoverable?: boolean;
  /** What the user can do about it, as a sentence. */
  readonly suggestion?: string;
  readonly cause?: unknown;
}

/** The base of everything rxposure throws or emits. `message` says what was expected and what came. */
export abstract class RxposureError extends Error {
  abstract override readonly name: string;
  /** Stable, for programs: `ERR_…`. */
  readonly code: string;
  readonly recoverable: boolean;
  readonly suggestion: string;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.recoverable = details.recoverable ?? false;
    this.suggestion = details.suggestion ?? '';
  }
}

/** A flag, spec, prompt file or option is wrong. Nothing was created. Scripts exit with 2. */
export class UsageError extends RxposureError {
  override readonly name = 'UsageError';

  constructor(message: string, details: ErrorDetails = {}) {
    super('ERR_USAGE', message, details);
  }
}

/** One wrong row of an input file. */
export interface RowProblem {
  /** 1-based; for JSON and YAML lists the item's number. */
  readonly line: number;
  readonly message: string;
}

/** One or more rows of the input are wrong; carries the first of them (all, up to a cap) and how many there are. */
export class InvalidRowsError extends RxposureError {
  override readonly name = 'InvalidRowsError';
  readonly problems: readonly RowProblem[];
  readonly count: number;

  constructor(source: string, problems: readonly RowProblem[], count: number, details: ErrorDetails = {}) {
    super('ERR_INVALID_ROWS', `${source}: ${count} ${count === 1 ? 'row is' : 'rows are'} wrong`, details);
    this.problems = problems;
    this.count = count;
  }
}

export interface ProviderErrorDetails extends ErrorDetails {
  /** The HTTP status, where an answer came. */
  readonly status?: number;
  /** How long the service asked to wait. */
  readonly retryAfterMs?: number;
  /**
   * Whether the request may have taken effect: `no` where it never reached the service or was clearly refused,
   * `unknown` after a reset, a time-out, a 5xx or an unreadable answer.
   */
  readonly tookEffect?: 'no' | 'unknown';
  /** True where the answer concerns every job of the run, not this one (401, 402). */
  readonly stopsRun?: boolean;
}

/** A call to the service failed: no connection, an answer outside 2xx, or one that cannot be read. */
export class ProviderError extends RxposureError {
  override readonly name = 'ProviderError';
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  readonly tookEffect: 'no' | 'unknown';
  readonly stopsRun: boolean;

  constructor(code: string, message: string, details: ProviderErrorDetails = {}) {
    super(code, message, details);
    this.status = details.status ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.tookEffect = details.tookEffect ?? 'no';
    this.stopsRun = details.stopsRun ?? false;
  }
}

/** A file that was to be sent is not what it was when the run was planned: changed, gone, or not to be read. */
export class InputFileError extends RxposureError {
  override readonly name = 'InputFileError';

  constructor(message: string, details: ErrorDetails = {}) {
    super('ERR_INPUT_CHANGED', message, details);
  }
}

/** A prediction ended without a usable output: failed, canceled, aborted or too slow. */
export class PredictionError extends RxposureError {
  override readonly name = 'PredictionError';
  readonly predictionId: string;

  constructor(code: string, message: string, details: ErrorDetails & { readonly predictionId: string }) {
    super(code, message, details);
    this.predictionId = details.predictionId;
  }
}

/** An output could not be fetched whole, or is not what it should be. */
export class DownloadError extends RxposureError {
  override readonly name = 'DownloadError';
}

/** An original could not be decoded, or a rendition not be made. */
export class RenderError extends RxposureError {
  override readonly name = 'RenderError';
}

/** A job was not run because its price no longer fits the budget. */
export class BudgetError extends RxposureError {
  override readonly name = 'BudgetError';

  constructor(message: string, details: ErrorDetails = {}) {
    super('ERR_OVER_BUDGET', message, details);
  }
}

/** A picture could not be rated. */
export class ScoreError extends RxposureError {
  override readonly name = 'ScoreError';

  constructor(message: string, details: ErrorDetails = {}) {
    super('ERR_SCORE_FAILED', message, details);
  }
}

/** A finished picture could not be brought to one of the further places that were asked for; it is on this disk. */
export class DeliveryError extends RxposureError {
  override readonly name = 'DeliveryError';
  /** The place that refused. */
  readonly destination: string;

  constructor(message: string, details: ErrorDetails & { readonly destination: string }) {
    super('ERR_DELIVERY_FAILED', message, details);
    this.destination = details.destination;
  }
}

/** The disk or the run folder refused: a fault of the run, not of one job. */
export class StorageError extends RxposureError {
  override readonly name = 'StorageError';
}
