import { z } from 'zod';
import { ProviderError } from '../errors.ts';
import { errorAnswers } from './errorAnswers.ts';
import { retryAfterMs } from './retryAfterMs.ts';

/** An answer outside 2xx, read to its end. */
export interface FailedAnswer {
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
