/** A reviewer's verdict on an image. */
export interface Judgement {
  /** Null if it is undecided. */
  readonly verdict: 'picked' | 'rejected' | null;
  /** 1 to 5; 0 for none. */
  readonly stars: number;
}

/** A judged image in `picks.json`. */
export interface JudgedImage extends Judgement {
  /** Number in the gallery: `12`, or `12.2` for the second image of a job. */
  readonly number: string;
  /** Path of the original, relative to the run folder. */
  readonly path: string;
  /** The first 20 hex digits of the original's SHA-256. */
  readonly sha256: string;
}

/** The content of `picks.json`, as the gallery exports it. */
export interface Picks {
  /** Name of the run folder. */
  readonly run: string;
  /** Set if the run was a simulation. */
  readonly isSimulated?: true | undefined;
  /** The chosen images, in input order. */
  readonly picks: readonly JudgedImage[];
  /** Images that have stars or are rejected, but are not chosen. */
  readonly others: readonly JudgedImage[];
}

/** The files of each chosen image that are copied. */
export const pickedFileKinds = ['all', 'originals', 'renditions'] as const;

export type PickedFileKind = (typeof pickedFileKinds)[number];
