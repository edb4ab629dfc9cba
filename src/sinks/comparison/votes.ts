/** One vote of a blind comparison. */
export interface Vote {
  readonly prompt: string;
  /** The two variants that were shown, in the order of their names. */
  readonly variants: readonly [string, string];
  /** One of the two; null for a tie. */
  readonly winner: string | null;
}

/** The votes of one person, as `ab.html` exports them. */
export interface Votes {
  /** A hash of the images that were shown; identifies the run. */
  readonly run: string;
  readonly votes: readonly Vote[];
}

/** Two images to choose from. */
export interface BlindPair {
  readonly prompt: string;
  readonly left: BlindPicture;
  readonly right: BlindPicture;
}

export interface BlindPicture {
  /** Name of the variant; hidden until the result is shown. */
  readonly variant: string;
  /** Path relative to the run folder. */
  readonly path: string;
}

/** The data of `ab.html`. */
export interface BlindComparison {
  readonly name: string;
  readonly run: string;
  /** In the order in which they are shown. */
  readonly pairs: readonly BlindPair[];
}

/** The result of one variant. */
export interface VariantTally {
  readonly variant: string;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** Share of its votes that it won, 0…1; a tie counts as half a win. */
  readonly winRate: number;
  /** Lower end of the 95 % confidence interval of `winRate`. */
  readonly low: number;
  /** Upper end of that interval. */
  readonly high: number;
}

/** 97.5th percentile of the normal distribution. */
const Z = 1.959964;

/**
 * Counts votes by variant, the best first. The interval is Wilson's score interval, which is valid
 * for few votes too (Wilson 1927,
 * https://doi.org/10.1080/01621459.1927.10502953).
 */
export function tallyVotes(votes: readonly Vote[]): VariantTally[] {
  const names = [...new Set(votes.flatMap(({ variants }) => variants))];
  return names
    .map((variant) => {
      const own = votes.filter(({ variants }) => variants.includes(variant));
      const wins = own.filter(({ winner }) => winner === variant).length;
      const ties = own.filter(({ winner }) => winner === null).length;
      const rate = (wins + ties / 2) / own.length;
      const [low, high] = wilson(rate, own.length);
      return { variant, wins, losses: own.length - wins - ties, ties, winRate: rate, low, high };
    })
    .sort((a, b) => b.winRate - a.winRate);
}

function wilson(rate: number, count: number): [low: number, high: number] {
  const scale = 1 + Z ** 2 / count;
  const middle = rate + Z ** 2 / (2 * count);
  const reach = Z * Math.sqrt((rate * (1 - rate)) / count + Z ** 2 / (4 * count ** 2));
  return [Math.max(0, (middle - reach) / scale), Math.min(1, (middle + reach) / scale)];
}
