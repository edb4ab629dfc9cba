export interface ErrorDetails {
  /** True if the same thing may succeed when it is tried again. Default false. */
  readonly recoverable?: boolean;
  /** Advice to the user, as a sentence. */
  readonly suggestion?: string;
  readonly cause?: unknown;
}

/**
 * The base class of every error that rxposure throws or emits. `message` names the fault and its
 * place.
 */
export abstract class RxposureError extends Error {
  abstract override readonly name: string;
  /** Stable code, for programs: `ERR_…`. */
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
  /** 1-based line of a file, on which the row begins; of a list in code, the number of the item. */
  readonly line: number;
  readonly message: string;
}

/**
 * One or more rows of the input are wrong; carries the first of them (all, up to a cap) and their
 * number.
 */
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
  /** HTTP status, if a response came. */
  readonly status?: number;
  /** Wait that the service asked for. */
  readonly retryAfterMs?: number;
  /** The reason in the words of the service, on one line; part of the message. Default: none. */
  readonly reason?: string;
  /**
   * `no` if the request never reached the service or was clearly refused; `unknown` if it may have
   * taken effect: after a reset, a time-out, a 5xx or an unreadable response. Default `no`.
   */
  readonly tookEffect?: 'no' | 'unknown';
  /**
   * True if the response concerns every job of the run, not this one alone (401, 402). Default
   * false.
   */
  readonly stopsRun?: boolean;
}

/**
 * A call to the service failed: no connection, a response outside 2xx, or one that cannot be read.
 */
export class ProviderError extends RxposureError {
  override readonly name = 'ProviderError';
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  readonly reason: string | null;
  readonly tookEffect: 'no' | 'unknown';
  readonly stopsRun: boolean;

  constructor(code: string, message: string, details: ProviderErrorDetails = {}) {
    super(code, message, details);
    this.status = details.status ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.reason = details.reason ?? null;
    this.tookEffect = details.tookEffect ?? 'no';
    this.stopsRun = details.stopsRun ?? false;
  }
}

/** An input file has changed since the run was planned, is gone, or cannot be read. */
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
  /** Time for which it was waited for, of a time-out; null if it is none. */
  readonly waitedMs: number | null;

  constructor(
    code: string,
    message: string,
    details: ErrorDetails & { readonly predictionId: string; readonly waitedMs?: number },
  ) {
    super(code, message, details);
    this.predictionId = details.predictionId;
    this.waitedMs = details.waitedMs ?? null;
  }
}

/** Nothing was started, because the circuit is open after too many failures in a row. */
export class CircuitOpenError extends RxposureError {
  override readonly name = 'CircuitOpenError';

  constructor(message: string, details: ErrorDetails = {}) {
    super('ERR_CIRCUIT_OPEN', message, { recoverable: true, ...details });
  }
}

export interface DownloadErrorDetails extends ErrorDetails {
  /** True if the file host is away, which proves nothing about this file. Default false. */
  readonly isOutage?: boolean;
  /** The file that came, if it is kept although it cannot be used. Default: none is. */
  readonly kept?: KeptFile;
}

/** A file that was downloaded and is kept, although it cannot be used. */
export interface KeptFile {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** `unrecognised`, or the format that it begins like. */
  readonly format: string;
}

/** An output could not be downloaded completely, or has invalid content. */
export class DownloadError extends RxposureError {
  override readonly name = 'DownloadError';
  readonly isOutage: boolean;
  readonly kept: KeptFile | null;

  constructor(code: string, message: string, details: DownloadErrorDetails = {}) {
    super(code, message, details);
    this.isOutage = details.isOutage ?? false;
    this.kept = details.kept ?? null;
  }
}

/** An original could not be decoded, or a rendition could not be made. */
export class RenderError extends RxposureError {
  override readonly name = 'RenderError';
}

/** A job was not run because its price no longer fits the budget. */
export class BudgetError extends RxposureError {
  override readonly name = 'BudgetError';

  /** `code`: of a limit of a day or a month. Default: that of a run's own budget. */
  constructor(message: string, details: ErrorDetails & { readonly code?: 'ERR_OVER_SPENDING_LIMIT' } = {}) {
    super(details.code ?? 'ERR_OVER_BUDGET', message, details);
  }
}

/** An image could not be rated. */
export class ScoreError extends RxposureError {
  override readonly name = 'ScoreError';

  constructor(message: string, details: ErrorDetails = {}) {
    super('ERR_SCORE_FAILED', message, details);
  }
}

/** A finished image could not be delivered to a further destination; it stays in the run folder. */
export class DeliveryError extends RxposureError {
  override readonly name = 'DeliveryError';
  /** Name of the destination. */
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

/** The flags of scripts that errors name, and the same options in code. */
export const optionsByFlag = {
  '--allow-files': 'allowFiles',
  '--budget': 'budgetUsd',
  '--budget-per-day': 'budgetPerDayUsd',
  '--budget-per-month': 'budgetPerMonthUsd',
  '--cache': 'cache',
  '--concurrency': 'concurrency',
  '--detach': 'detach',
  '--fallback': 'fallback',
  '--input': 'input',
  '--keep-originals': 'keepOriginals',
  '--limit': 'limit',
  '--look-for': 'lookForMs',
  '--max-output': 'maxOutputBytes',
  '--max-wait': 'maxWaitMs',
  '--model': 'model',
  '--only': 'only',
  '--out': 'to',
  '--prompt': 'prompt',
  '--repay': 'repay',
  '--resume-anyway': 'resumeAnyway',
  '--simulate': 'provider',
  '--timeout': 'timeoutMs',
} as const;

/**
 * Returns an option for the text of an error, as both scripts and programs have it: "--budget
 * (`budgetUsd` in code)". `argument` stands behind the flag.
 */
export function option(flag: keyof typeof optionsByFlag, argument = ''): string {
  return `${flag}${argument === '' ? '' : ` ${argument}`}${inCode(optionsByFlag[flag])}`;
}

/** Returns a text with the flags alone, for a terminal. */
export function flagsAlone(text: string): string {
  if (!text.includes(' in code)')) return text;
  return Object.values(optionsByFlag).reduce((rest, name) => rest.replaceAll(inCode(name), ''), text);
}

const inCode = (name: string): string => ` (\`${name}\` in code)`;
