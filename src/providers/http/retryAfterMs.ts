/** Larger numbers in `ratelimit-reset` cannot be a time in seconds: a date, for example. */
export const LONGEST_RESET_S = 3_600;

/**
 * Returns the wait that a refusal asks for, in ms; null if it asks for none. Reads the first of
 * these that names a time above 0: the `Retry-After` header (seconds or a date), `retry_after` in
 * the body (seconds), a number of seconds in `detail`, the `ratelimit-reset` header. A wait of 0, a
 * negative one or a date that is past is none, because the request was refused just now.
 */
export function retryAfterMs(headers: Headers, body: unknown, nowMs: number): number | null {
  const { retry_after: inBody, detail } = isRecord(body) ? body : {};
  return (
    fromSeconds(headers.get('retry-after')) ??
    fromDate(headers, nowMs) ??
    fromSeconds(inBody) ??
    fromSeconds(/(?:resets|available) in ~?(\d+(?:\.\d+)?) ?s/i.exec(String(detail ?? ''))?.[1]) ??
    fromSeconds(headers.get('ratelimit-reset'), LONGEST_RESET_S)
  );
}

/** Counts by the clock of the service if the response has its time: the local one may be wrong. */
function fromDate(headers: Headers, nowMs: number): number | null {
  const untilMs = dateOf(headers.get('retry-after'));
  if (untilMs === null) return null;
  const waitMs = untilMs - (dateOf(headers.get('date')) ?? nowMs);
  return waitMs > 0 ? waitMs : null;
}

/** Begins as dates of HTTP do: `Date.parse` would find a date in many other texts. */
const httpDate = /^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .*\d\d:\d\d:\d\d/i;

function dateOf(value: string | null): number | null {
  const atMs = httpDate.test(value ?? '') ? Date.parse(value ?? '') : Number.NaN;
  return Number.isNaN(atMs) ? null : atMs;
}

function fromSeconds(value: unknown, mostS = Number.MAX_SAFE_INTEGER): number | null {
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value));
  const seconds = isNumeric ? Number(value) : 0;
  return seconds > 0 && seconds <= mostS ? seconds * 1_000 : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
