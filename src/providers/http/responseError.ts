import { z } from 'zod';
import { ProviderError } from '../../errors.ts';
import { type ErrorAnswer, errorAnswers } from './errorAnswers.ts';
import { UnreadableBody } from './parseBody.ts';
import { retryAfterMs } from './retryAfterMs.ts';
import { pageMeaning, pageSuggestion, readWebPage, type WebPage } from './webPage.ts';

/** A response outside 2xx, with its whole body. */
interface FailedResponse {
  readonly method: string;
  /** Without the query: messages show it. */
  readonly path: string;
  /** Scheme, host and port; a suggestion shows them if the base URL may be wrong. */
  readonly origin?: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** True if only the service can have sent it, no gateway on the way. Default false. */
  readonly isDirect?: boolean;
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
  const { method, path, status, headers, text, isDirect = false } = response;
  const body = parsed(text);
  const reason = problem.safeParse(body).data;
  const isOfService = isDirect || isProblem(reason);
  const page = isOfService ? null : readWebPage(text);
  const known = blockOf(page, status) ?? meaningOf(status, isOfService) ?? oddAnswer(response, page);
  const waitMs = status === 429 ? retryAfterMs(headers, body, nowMs) : null;
  const detail = reason === undefined ? plain(text) : detailOf(reason);
  const { meaning, suggestion } = isOfMoney(status, detail) ? spent : known;
  const message = `${method} ${path} failed with ${status}: ${meaning}${detail === '' ? '' : ` (${detail})`}`;
  return new ProviderError(known.code, message, {
    status,
    recoverable: known.recoverable,
    stopsRun: known.stopsRun,
    suggestion: suggestionFor(reason) ?? suggestion,
    ...(detail === '' ? {} : { reason: detail }),
    tookEffect: method === 'GET' || isRefusal(known, isOfService) ? 'no' : 'unknown',
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
  });
}

/** Words of a refusal because a spend limit is reached, or because there is no credit left. */
const SPENT =
  /\bspend(?:ing)?[- ](?:limit|cap|budget)|\b(?:insufficient|not enough|out of|no|exhausted|used up)(?: \w+)? (?:credit|funds|balance)|\b(?:credit|funds|balance) (?:is |are |has been )?(?:exhausted|used up|depleted|insufficient|too low)|\bpayment (?:required|failed|is past due)/i;

const spent = {
  meaning: 'the account may not spend more',
  suggestion:
    'Raise the spend limit or buy credit at https://replicate.com/account/billing, wait a few minutes, and run the same command again.',
};

/** An account without credit has words of its own; a spend limit may come as either status. */
function isOfMoney(status: number, detail: string): boolean {
  if (status !== 402 && status !== 429) return false;
  return SPENT.test(detail) && (status === 429 || /spend/i.test(detail));
}

/**
 * Returns true for the body of an error as the API writes it. Not every one has a title, and the
 * page of a gateway has neither.
 */
function isProblem(reason: Problem | undefined): boolean {
  return [reason?.title, reason?.detail, reason?.invalid_fields].some((part) => part !== undefined);
}

/**
 * Returns the meaning of a status. Null if it has none, or if the response is not the service's
 * own: a 404 of a gateway is not about models. Token, credit and size are taken from any.
 */
function meaningOf(status: number, isOfService: boolean): ErrorAnswer | null {
  const known = errorAnswers.find((row) => row.status === Math.min(status, 500));
  if (known === undefined) return null;
  return isOfService || known.refusals !== 'service' || known.stopsRun || status === 413 ? known : null;
}

function oddMeaning(status: number, page: WebPage | null): string {
  if (status < 400) return 'a redirect, which is not followed';
  return page === null ? 'not a response that the API documents' : pageMeaning(page);
}

/** The API of the service is below this path; a base URL may lack it. */
const API_PATH = '/v1/';

function baseUrlHint({ path, origin, status }: FailedResponse): string {
  if (origin === undefined || status !== 404 || path.startsWith(API_PATH)) return 'Check the base URL.';
  return `Check the base URL: that of the API ends in /v1, and this request went to ${origin}${path}`;
}

function oddAnswer(response: FailedResponse, page: WebPage | null) {
  const { status, isDirect = false } = response;
  return {
    code: 'ERR_REFUSED',
    meaning: oddMeaning(status, page),
    recoverable: !isDirect || status === 408,
    stopsRun: false,
    refusals: isDirect && status !== 408 ? ('all' as const) : ('none' as const),
    suggestion: page === null ? baseUrlHint(response) : pageSuggestion,
  };
}

/** Statuses of a page that no retry within the run gets past. */
const BLOCKING = [401, 403, 407, 451, 511];

/**
 * Returns the meaning of a page that blocks this machine; null if it is none. It proves nothing
 * about a create request, as a filter may have read the response; but it blocks all calls, so the
 * run ends, and the next one looks.
 */
function blockOf(page: WebPage | null, status: number) {
  if (page === null || !BLOCKING.includes(status)) return null;
  if (!page.isBlock && status !== 407 && status !== 511) return null;
  return {
    code: 'ERR_WEB_PAGE',
    meaning: pageMeaning(page),
    recoverable: true,
    stopsRun: true,
    refusals: 'none' as const,
    suggestion: pageSuggestion,
  };
}

function isRefusal({ refusals }: Pick<ErrorAnswer, 'refusals'>, isOfService: boolean): boolean {
  return refusals === 'all' || (refusals === 'service' && isOfService);
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

/** Returns a suggestion to correct fields, if the response names them. */
function suggestionFor(reason: Problem | undefined): string | null {
  const fields = reason?.invalid_fields ?? [];
  const names = fields.map(({ field }) => field.replace(/^input\.?/, '')).filter((name) => name !== '');
  if (names.length > 0) {
    return `Correct ${names.join(', ')}: the model's page at replicate.com lists its inputs.`;
  }
  if (!/invalid version/i.test(reason?.title ?? '')) return null;
  return 'Check the version: official models are given as owner/name, others as owner/name:64-hex-digits.';
}

/** The HTML page of a front end has nothing worth showing. */
function plain(text: string): string {
  return text.trimStart().startsWith('<') ? '' : oneLine(text);
}

/** Shortens a reason, and takes tags and control characters out of it. */
function oneLine(text: string): string {
  const words = text.slice(0, 10 * maxDetailChars).replace(/<\/?[a-z][^<>]*>/gi, ' ');
  return words
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, maxDetailChars);
}

/** Returns the error for a 2xx response that cannot be read: a create request may have worked. */
export function unreadableResponse(isCreate: boolean, cause: unknown): ProviderError {
  return new ProviderError(
    'ERR_UNREADABLE_ANSWER',
    `Expected a response as Replicate documents it, got ${received(cause)}`,
    {
      recoverable: true,
      tookEffect: isCreate ? 'unknown' : 'no',
      suggestion: cause instanceof UnreadableBody ? cause.suggestion : 'Check the base URL.',
    },
  );
}

/** Names only the path of the fault: the value there may be private. */
function received(cause: unknown): string {
  if (cause instanceof UnreadableBody) return cause.message;
  if (!(cause instanceof z.ZodError)) return 'something else';
  const path = cause.issues[0]?.path.join('.') ?? '';
  return path === '' ? 'JSON of another shape' : `JSON with an odd ${path}`;
}
