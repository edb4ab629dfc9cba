/** One answer of a blind comparison. */
export interface Vote {
  readonly prompt: string;
  /** The two variants that were shown, in the order of their names. */
  readonly variants: readonly [string, string];
  /** One of the two; null: as good as each other. */
  readonly winner: string | null;
}

/** What `ab.html` exports: one person's answers. */
export interface Votes {
  /** Tells the run whose pictures were shown. */
  readonly run: string;
  readonly votes: readonly Vote[];
}

/** Two pictures to choose from. */
export interface BlindPair {
  readonly prompt: string;
  readonly left: BlindPicture;
  readonly right: BlindPicture;
}

export interface BlindPicture {
  /** Not shown before the result. */
  readonly variant: string;
  /** Relative to the run folder. */
  readonly path: string;
}

/** What the page of a blind comparison reads. */
export interface BlindComparison {
  readonly name: string;
  readonly run: string;
  /** In the order in which they are shown. */
  readonly pairs: readonly BlindPair[];
}
