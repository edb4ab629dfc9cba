/**
 * How long a refusal asks to wait, in ms; null where it names no wait. Read in this order: the `Retry-After` header
 * (seconds or a date), `retry_after` in the body (seconds), a number of seconds in `detail`, the `ratelimit-reset` header.
 */
export function retryAfterMs(headers: Headers, body: unknown, nowMs: number): number | null {
  const { retry_after: inBody, detail } = isRecord(body) ? body : {};
  return (
    fromHeader(headers.get('retry-after'), nowMs) ??
    fromSeconds(inBody) ??
    fromSeconds(/(?:resets|available) in ~?(\d+(?:\.\d+)?) ?s/.exec(String(detail ?? ''))?.[1]) ??
    fromSeconds(headers.get('ratelimit-reset'))
  );
}

function fromHeader(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const atMs = Date.parse(value);
  return fromSeconds(value) ?? (Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs));
}

function fromSeconds(value: unknown): number | null {
  if (value === null || value === undefined || value === '') return null;
  const seconds = Number(value);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
