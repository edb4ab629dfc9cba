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
