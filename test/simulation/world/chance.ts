/** A fault that struck: the `count`-th decision of its kind. */
export type Strike = `${string}#${number}`;

/**
 * The chance of a world. Every decision is drawn from the seed, its kind, and how many of that kind
 * came before, so leaving one out changes no other: that is how a history is shrunk.
 */
export interface Chance {
  /** Returns true if a fault strikes, `rate` of the time, unless it is one of those left out. */
  strikes(kind: string, rate: number): boolean;
  /** Returns a number of `low` or more, below `high`. */
  between(kind: string, low: number, high: number): number;
  /** Returns a whole number of `low` or more, at most `high`. */
  whole(kind: string, low: number, high: number): number;
  pick<T>(kind: string, values: readonly T[]): T;
  /** No fault strikes while it is true. */
  isCalm: boolean;
  /** The faults that struck so far, in their order. */
  readonly struck: readonly Strike[];
}

export interface ChanceConfig {
  /** Faults that do not strike. Default: none. */
  readonly without?: ReadonlySet<Strike>;
  /** Called for each fault that strikes. Default: no-op. */
  readonly onStrike?: (strike: Strike) => void;
}

export function createChance(seed: number, { without = new Set(), onStrike }: ChanceConfig = {}): Chance {
  const counts = new Map<string, { hash: number; count: number }>();
  const struck: Strike[] = [];
  const draw = (kind: string): { value: number; count: number } => {
    let state = counts.get(kind);
    if (state === undefined) {
      state = { hash: hashOf(kind), count: 0 };
      counts.set(kind, state);
    }
    state.count += 1;
    return { value: mixed(seed, state.hash, state.count), count: state.count };
  };
  const between = (kind: string, low: number, high: number) => low + draw(kind).value * (high - low);
  const whole = (kind: string, low: number, high: number) => Math.floor(between(kind, low, high + 1));
  const chance: Chance = {
    isCalm: false,
    strikes: (kind, rate) => {
      if (rate === 0 || chance.isCalm) return false;
      const { value, count } = draw(kind);
      const strike: Strike = `${kind}#${count}`;
      if (value >= rate || without.has(strike)) return false;
      struck.push(strike);
      onStrike?.(strike);
      return true;
    },
    between,
    whole,
    pick: (kind, values) => values[whole(kind, 0, values.length - 1)] as (typeof values)[number],
    struck,
  };
  return chance;
}

/** FNV-1a (public domain). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Returns a number of 0 or more, below 1: the finalizer of MurmurHash3 (public domain), twice. */
function mixed(seed: number, kind: number, count: number): number {
  return finalized((finalized((seed ^ kind) >>> 0) + Math.imul(count, 0x9e3779b1)) >>> 0) / 2 ** 32;
}

function finalized(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
