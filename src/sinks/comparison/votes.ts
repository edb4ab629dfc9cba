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
  /** Identifies the person's answers: another export of them has the same. Default: none. */
  readonly ballot?: string | undefined;
  /** Name of the person. Default: none was given. */
  readonly voter?: string | undefined;
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
  /** Set if the images are the simulator's: each has the name of its model at the lower edge. */
  readonly isSimulated?: true;
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

/**
 * Returns each person's votes once: of several exports of the same answers the one with the most
 * votes, and of identical files one.
 */
export function distinctBallots(all: readonly Votes[]): Votes[] {
  const ballots = new Map<string, Votes>();
  for (const votes of all) {
    const id = votes.ballot ?? JSON.stringify(votes.votes);
    const known = ballots.get(id);
    if (known === undefined || known.votes.length < votes.votes.length) ballots.set(id, votes);
  }
  return [...ballots.values()];
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
