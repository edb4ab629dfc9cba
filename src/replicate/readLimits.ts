import type { CreateLimits } from '../ports.ts';

/** More than anybody may create, or would wait for: such numbers are something else (a date, say). */
const MOST_REMAINING = 1_000_000;
const LONGEST_RESET_S = 3_600;

/**
 * The limits that the headers of an answer name: `ratelimit-remaining`, and `ratelimit-reset`, which is the time until the
 * bucket is full again in whole seconds. Null where they name none, or none that can be true.
 */
export function readLimits(headers: Headers): CreateLimits | null {
  const remaining = wholeNumber(headers.get('ratelimit-remaining'), MOST_REMAINING);
  if (remaining === null) return null;
  const resetS = wholeNumber(headers.get('ratelimit-reset'), LONGEST_RESET_S);
  return { remaining, fullInMs: resetS === null ? null : resetS * 1_000 };
}

function wholeNumber(text: string | null, most: number): number | null {
  const number = /^\d+$/.test(text ?? '') ? Number(text) : Number.NaN;
  return number <= most ? number : null;
}
