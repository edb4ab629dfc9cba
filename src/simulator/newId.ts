import { randomBytes } from 'node:crypto';

const LENGTH = 26;
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * 26 lower-case letters and digits: 130 bits in base 32. Never the same twice, whatever the seed: a client that goes on with
 * an earlier run against a new simulator must not find somebody else's prediction under an id that it knows.
 */
export function newId(): string {
  return Array.from(randomBytes(LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join('');
}
