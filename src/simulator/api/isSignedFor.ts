import { createHmac, timingSafeEqual } from 'node:crypto';
import { signingSecret } from './signingSecret.ts';

/**
 * Whether the query of a download carries the right signature for the file and has not run out: base64 of the HMAC-SHA256
 * of `{owner} {id} {expiry}`, `expiry` in seconds since 1970.
 */
export function isSignedFor(id: string, query: Readonly<Record<string, string>>): boolean {
  const { owner = '', expiry = '', signature = '' } = query;
  const right = createHmac('sha256', signingSecret).update(`${owner} ${id} ${expiry}`).digest();
  const given = Buffer.from(signature, 'base64');
  const isFresh = Number(expiry) * 1_000 > Date.now();
  return isFresh && given.length === right.length && timingSafeEqual(given, right);
}
