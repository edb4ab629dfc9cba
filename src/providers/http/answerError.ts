import { z } from 'zod';
import { ProviderError } from '../../errors.ts';

/** An answer outside 2xx, read to its end. */
interface FailedAnswer {
  readonly method: string;
  /** Without the query, as it is shown to people. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Cog's details are FastAPI's: a list of places and what is wrong there. */
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

/** The `ProviderError` for an answer outside 2xx, by the table `errorAnswers`. */
export function answerError(answer: FailedAnswer, nowMs: number): ProviderError {
  const { method, path, status, headers, text } = answer;
  const known = errorAnswers.find((row) => row.status === Math.min(status, 500)) ?? otherRefusal(status);
  const body = parsed(text);
  const told = problem.safeParse(body).data;
  const waitMs = status === 429 ? retryAfterMs(headers, body, nowMs) : null;
  const detail = told === undefined ? plain(text) : detailOf(told);
  const message = `${method} ${path} was answered with ${status}: ${known.meaning}${detail === '' ? '' : ` (${detail})`}`;
  return new ProviderError(known.code, message, {
    status,
    recoverable: known.recoverable,
    stopsRun: known.stopsRun,
    suggestion: suggestionFor(told) ?? known.suggestion,
    tookEffect: method !== 'GET' && leavesOpen(status) ? 'unknown' : 'no',
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
  });
}

/** A server's fault, or a time-out of some machine on the way, does not say whether the request was carried out. */
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

/** What the answer says of the reason, on one line. */
function detailOf({ invalid_fields: fields = [], detail, title }: Problem): string {
  if (fields.length === 0) return oneLine(detail ?? title ?? '');
  return oneLine(fields.map(({ field, description }) => `${field}: ${description}`).join('; '));
}

/** Names what is to be corrected, where the answer does. */
function suggestionFor(told: Problem | undefined): string | null {
  const fields = told?.invalid_fields ?? [];
  const names = fields.map(({ field }) => field.replace(/^input\.?/, '')).filter((name) => name !== '');
  if (names.length > 0) {
    return `Correct ${names.join(', ')}: the model's page at replicate.com lists what it takes.`;
  }
  if (!/invalid version/i.test(told?.title ?? '')) return null;
  return 'Check the version: official models are given as owner/name, others as owner/name:64-hex-digits.';
}

/** An HTML page of some front end says nothing worth showing. */
function plain(text: string): string {
  return text.trimStart().startsWith('<') ? '' : oneLine(text);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, maxDetailChars);
}

/** What an answer of the service outside 2xx means. */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly meaning: string;
  /** Whether the same request may succeed later. */
  readonly recoverable: boolean;
  /** Whether it concerns every job of a run. */
  readonly stopsRun: boolean;
  /** What a run does about it. */
  readonly reaction: string;
  /** What the user can do about it. */
  readonly suggestion: string;
}

/** By status; everything from 500 on has the last row. Facts: Replicate's HTTP reference and its documented rate limits. */
export const errorAnswers: readonly ErrorAnswer[] = [
  {
    status: 401,
    code: 'ERR_UNAUTHENTICATED',
    meaning: 'the API token is missing or wrong',
    recoverable: false,
    stopsRun: true,
    reaction: 'ends; what is under way is finished and kept',
    suggestion: 'Check REPLICATE_API_TOKEN: tokens are at https://replicate.com/account/api-tokens.',
  },
  {
    status: 402,
    code: 'ERR_NO_CREDIT',
    meaning: 'the account has no credit left',
    recoverable: false,
    stopsRun: true,
    reaction: 'ends; what is under way is finished and kept',
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
      'tries a model without a route by name by its version; asks again for a prediction just made; else fails the job',
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
    reaction: 'fails the job; nothing was made; forgets what it remembered of the model',
    suggestion: "Correct the input: the model's page at replicate.com lists what it takes.",
  },
  {
    status: 429,
    code: 'ERR_THROTTLED',
    meaning: 'requests come faster than the account may send them',
    recoverable: true,
    stopsRun: false,
    reaction: 'waits as long as the service asks, slows down, sends it again; costs no attempt',
    suggestion: 'Nothing to do: the run slows down by itself.',
  },
  {
    status: 500,
    code: 'ERR_SERVICE',
    meaning: 'the service has a fault of its own',
    recoverable: true,
    stopsRun: false,
    reaction: 'asks again; a create is looked up in the list of predictions first, never just repeated',
    suggestion: 'Run the same command again later.',
  },
];

/**
 * How long a refusal asks to wait, in ms; null where it names no wait. Read in this order: the `Retry-After` header
 * (seconds or a date), `retry_after` in the body (seconds), a number of seconds in `detail`, the `ratelimit-reset` header.
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

/** Counted by the clock of the service where the answer tells its time: ours may be wrong. */
function fromDate(headers: Headers, nowMs: number): number | null {
  const untilMs = dateOf(headers.get('retry-after'));
  if (untilMs === null) return null;
  return Math.max(0, untilMs - (dateOf(headers.get('date')) ?? nowMs));
}

/** Dates have words in them; `Date.parse` would read a mere number as some year. */
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

/** The `ProviderError` for an answer of 2xx that is not what the API documents. After a create, anything may have happened. */
export function unreadableAnswer(isCreate: boolean, cause: unknown): ProviderError {
  return new ProviderError(
    'ERR_UNREADABLE_ANSWER',
    `Expected an answer as Replicate documents it, got ${whatCame(cause)}`,
    { recoverable: true, tookEffect: isCreate ? 'unknown' : 'no', suggestion: 'Check the base URL.' },
  );
}

/** Names the place only: what stands there may be private. */
function whatCame(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return cause instanceof SyntaxError ? 'no JSON' : 'something else';
  const path = cause.issues[0]?.path.join('.') ?? '';
  return path === '' ? 'JSON of another shape' : `JSON with an odd ${path}`;
}
