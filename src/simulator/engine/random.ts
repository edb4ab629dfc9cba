import { createHash, randomBytes } from 'node:crypto';

/** A source of random numbers that are the same for the same seed. */
export interface Random {
  /** Returns a number from 0 to 1, excluding 1. */
  next(): number;
  between(min: number, max: number): number;
  /** Returns an item of the list. */
  pick<T>(list: readonly [T, ...T[]]): T;
  /** Returns a log-normal number, as run times are; `sigma` is the spread of the logarithm. */
  logNormal(median: number, sigma: number): number;
}

/** Creates a generator (mulberry32) that is seeded by the hash of a text. */
export function createRandom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (min: number, max: number) => min + next() * (max - min);
  return {
    next,
    between,
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
    logNormal: (median, sigma) => {
      // Box and Muller; 1 - next() is never 0.
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return median * Math.exp(sigma * normal);
    },
  };
}

const LENGTH = 26;
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * Creates an id of 26 lower-case letters and digits: 130 bits in base 32. It never depends on the
 * seed: a client that resumes an earlier run against a new simulator must not find another
 * prediction under an id that it knows.
 */
export function newId(): string {
  return Array.from(randomBytes(LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join('');
}
