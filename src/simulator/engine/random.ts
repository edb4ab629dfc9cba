import { createHash, randomBytes } from 'node:crypto';

/** A source of numbers that are the same for the same seed. */
export interface Random {
  /** 0…1, 1 excluded. */
  next(): number;
  between(min: number, max: number): number;
  /** One of the list, which must not be empty. */
  pick<T>(list: readonly [T, ...T[]]): T;
  /** Log-normal around a median: what run times look like. `sigma` is the spread of the logarithm. */
  logNormal(median: number, sigma: number): number;
}

/** Numbers from a text: mulberry32, seeded by the text's hash. */
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
 * 26 lower-case letters and digits: 130 bits in base 32. Never the same twice, whatever the seed: a client that goes on with
 * an earlier run against a new simulator must not find somebody else's prediction under an id that it knows.
 */
export function newId(): string {
  return Array.from(randomBytes(LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join('');
}
