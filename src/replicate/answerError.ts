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

const problem = z.looseObject({
  title: z.string().optional(),
  detail: z.string().optional(),
  invalid_fields: z.array(z.looseObject({ field: z.string(), description: z.string() })).optional(),
});
const maxDetailChars = 300;

/** The `ProviderError` for an answer outside 2xx, by the table `errorAnswers`. */
export function answerError(answer: FailedAnswer, nowMs: number): ProviderError {
  const { method, path, status, headers, text } = answer;
  const known = errorAnswers.find((row) => row.status === Math.min(status, 500)) ?? otherRefusal(status);
  const body = parsed(text);
  const waitMs = status === 429 ? retryAfterMs(headers, body, nowMs) : null;
  const detail = detailOf(body, text);
  const message = `${method} ${path} was answered with ${status}: ${known.meaning}${detail === '' ? '' : ` (${detail})`}`;
  return new ProviderError(known.code, message, {
    status,
    recoverable: known.recoverable,
    stopsRun: known.stopsRun,
    suggestion: known.suggestion,
    tookEffect: method !== 'GET' && status >= 500 ? 'unknown' : 'no',
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
  });
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

/** What the answer says of the reason, on one line. An HTML page of some front end says nothing worth showing. */
function detailOf(body: unknown, text: string): string {
  const result = problem.safeParse(body);
  if (!result.success) return text.trimStart().startsWith('<') ? '' : oneLine(text);
  const { invalid_fields: fields, detail, title } = result.data;
  if (fields && fields.length > 0)
    return oneLine(fields.map(({ field, description }) => `${field}: ${description}`).join('; '));
  return oneLine(detail ?? title ?? '');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, maxDetailChars);
}
