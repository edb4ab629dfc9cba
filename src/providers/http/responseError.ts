import { z } from 'zod';
import { ProviderError } from '../../errors.ts';

/** A response outside 2xx, with its whole body. */
interface FailedResponse {
  readonly method: string;
  /** Without the query: messages show it. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Cog's details are FastAPI's: a list of paths, each with its fault. */
const detailList = z
  .array(z.looseObject({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() }))
  .transform((faults) => faults.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; '));

const problem = z.looseObject({
  title: z.string().optional().catch(undefined),
  detail: z.union([z.string(), detailList]).optional().catch(undefined),
  invalid_fields: z
    .array(z.looseObject({ field: z.string(), description: z.string() }))
    .optional()
    .catch(undefined),
});
type Problem = z.infer<typeof problem>;

const maxDetailChars = 300;

/** Returns the `ProviderError` for a response outside 2xx, from the table `errorAnswers`. */
export function responseError(response: FailedResponse, nowMs: number): ProviderError {
  const { method, path, status, headers, text } = response;
  const known = errorAnswers.find((row) => row.status === Math.min(status, 500)) ?? otherRefusal(status);
  const body = parsed(text);
  const reason = problem.safeParse(body).data;
  const waitMs = status === 429 ? retryAfterMs(headers, body, nowMs) : null;
  const detail = reason === undefined ? plain(text) : detailOf(reason);
  const message = `${method} ${path} failed with ${status}: ${known.meaning}${detail === '' ? '' : ` (${detail})`}`;
  return new ProviderError(known.code, message, {
    status,
    recoverable: known.recoverable,
    stopsRun: known.stopsRun,
    suggestion: suggestionFor(reason) ?? known.suggestion,
    tookEffect: method !== 'GET' && leavesOpen(status) ? 'unknown' : 'no',
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
  });
}

/** A fault of the server, or a timeout on the way, leaves open if the request took effect. */
function leavesOpen(status: number): boolean {
  return status >= 500 || status === 408;
}

function otherRefusal(status: number) {
  return {
    code: 'ERR_REFUSED',
    meaning: status < 400 ? 'a redirect, which is not followed' : 'refused',
    recoverable: status === 408,
    stopsRun: false,
    suggestion: 'Check the base URL.',
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Returns the reason that a response gives, on one line. */
function detailOf({ invalid_fields: fields = [], detail, title }: Problem): string {
  if (fields.length === 0) return oneLine(detail ?? title ?? '');
  return oneLine(fields.map(({ field, description }) => `${field}: ${description}`).join('; '));
}

/** Returns what to correct, if the response names it. */
function suggestionFor(reason: Problem | undefined): string | null {
  const fields = reason?.invalid_fields ?? [];
  const names = fields.map(({ field }) => field.replace(/^input\.?/, '')).filter((name) => name !== '');
  if (names.length > 0) {
    return `Correct ${names.join(', ')}: the model's page at replicate.com lists what it takes.`;
  }
  if (!/invalid version/i.test(reason?.title ?? '')) return null;
  return 'Check the version: official models are given as owner/name, others as owner/name:64-hex-digits.';
}

/** The HTML page of a front end has nothing worth showing. */
function plain(text: string): string {
  return text.trimStart().startsWith('<') ? '' : oneLine(text);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, maxDetailChars);
}

/** The meaning of a status outside 2xx. */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly meaning: string;
  /** True if the same request may succeed later. */
  readonly recoverable: boolean;
  /** True if it concerns every job of a run. */
  readonly stopsRun: boolean;
  /** A run's reaction, for people. */
  readonly reaction: string;
  /** The advice to the user, as a sentence. */
  readonly suggestion: string;
}

/**
 * The statuses outside 2xx that have a meaning of their own. The last row holds for every status of
 * 500 or above. Sources: Replicate's HTTP reference and its documented rate limits.
 */
export const errorAnswers: readonly ErrorAnswer[] = [
  {
    status: 401,
    code: 'ERR_UNAUTHENTICATED',
    meaning: 'the API token is missing or wrong',
    recoverable: false,
    stopsRun: true,
    reaction: 'finishes and saves what is in flight, then ends',
    suggestion: 'Check REPLICATE_API_TOKEN: tokens are at https://replicate.com/account/api-tokens.',
  },
  {
    status: 402,
    code: 'ERR_NO_CREDIT',
    meaning: 'the account has no credit left',
    recoverable: false,
    stopsRun: true,
    reaction: 'finishes and saves what is in flight, then ends',
    suggestion:
      'Buy credit at https://replicate.com/account/billing, wait a few minutes, and run the same command again.',
  },
  {
    status: 403,
    code: 'ERR_FORBIDDEN',
    meaning: 'this token may not use that model or file',
    recoverable: false,
    stopsRun: false,
    reaction: 'fails the job; nothing was made',
    suggestion: 'Check that the model is public or belongs to the account of the token.',
  },
  {
    status: 404,
    code: 'ERR_NOT_FOUND',
    meaning: 'there is no such model, version or prediction',
    recoverable: false,
    stopsRun: false,
    reaction:
      'tries the version of a model that has no route by name; retries reads of a new prediction; else fails the job',
    suggestion: 'Check the spelling of the model: owner/name, or owner/name:version.',
  },
  {
    status: 413,
    code: 'ERR_TOO_LARGE',
    meaning: 'the request is too large',
    recoverable: false,
    stopsRun: false,
    reaction: 'fails the job; nothing was made',
    suggestion: 'Give large files as URLs instead of as data.',
  },
  {
    status: 422,
    code: 'ERR_INVALID_INPUT',
    meaning: 'the model does not take this input',
    recoverable: false,
    stopsRun: false,
    reaction: 'fails the job; nothing was made; forgets the stored schema of the model',
    suggestion: "Correct the input: the model's page at replicate.com lists what it takes.",
  },
  {
    status: 429,
    code: 'ERR_THROTTLED',
    meaning: 'requests come faster than the account may send them',
    recoverable: true,
    stopsRun: false,
    reaction: 'waits as long as the service asks, slows down, sends the request again; costs no attempt',
    suggestion: 'Nothing to do: the run slows down by itself.',
  },
  {
    status: 500,
    code: 'ERR_SERVICE',
    meaning: 'the service has a fault of its own',
    recoverable: true,
    stopsRun: false,
    reaction:
      'retries; looks up a create request in the list of predictions first, and never just repeats it',
    suggestion: 'Run the same command again later.',
  },
];

/**
 * Returns the wait that a refusal asks for, in ms; null if it asks for none. Reads the first of
 * these that is there: the `Retry-After` header (seconds or a date), `retry_after` in the body
 * (seconds), a number of seconds in `detail`, the `ratelimit-reset` header.
 */
export function retryAfterMs(headers: Headers, body: unknown, nowMs: number): number | null {
  const { retry_after: inBody, detail } = isRecord(body) ? body : {};
  return (
    fromSeconds(headers.get('retry-after')) ??
    fromDate(headers, nowMs) ??
    fromSeconds(inBody) ??
    fromSeconds(/(?:resets|available) in ~?(\d+(?:\.\d+)?) ?s/i.exec(String(detail ?? ''))?.[1]) ??
    fromSeconds(headers.get('ratelimit-reset'))
  );
}

/** Counts by the clock of the service if the response has its time: the local one may be wrong. */
function fromDate(headers: Headers, nowMs: number): number | null {
  const untilMs = dateOf(headers.get('retry-after'));
  if (untilMs === null) return null;
  return Math.max(0, untilMs - (dateOf(headers.get('date')) ?? nowMs));
}

/** Dates contain words; `Date.parse` would read a plain number as a year. */
function dateOf(value: string | null): number | null {
  const atMs = /[a-z]{3}/i.test(value ?? '') ? Date.parse(value ?? '') : Number.NaN;
  return Number.isNaN(atMs) ? null : atMs;
}

function fromSeconds(value: unknown): number | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const seconds = value === '' ? Number.NaN : Number(value);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Returns the error for a 2xx response that cannot be read: a create request may have worked. */
export function unreadableResponse(isCreate: boolean, cause: unknown): ProviderError {
  return new ProviderError(
    'ERR_UNREADABLE_ANSWER',
    `Expected a response as Replicate documents it, got ${received(cause)}`,
    { recoverable: true, tookEffect: isCreate ? 'unknown' : 'no', suggestion: 'Check the base URL.' },
  );
}

/** Names only the path of the fault: the value there may be private. */
function received(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return cause instanceof SyntaxError ? 'no JSON' : 'something else';
  const path = cause.issues[0]?.path.join('.') ?? '';
  return path === '' ? 'JSON of another shape' : `JSON with an odd ${path}`;
}
