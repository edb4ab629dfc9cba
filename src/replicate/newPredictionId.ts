import { randomBytes } from 'node:crypto';

const LENGTH = 26;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** 26 letters and digits, 130 random bits: an id for a prediction as Cog advises it. */
export function newPredictionId(): string {
  return Array.from(randomBytes(LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join('');
}
