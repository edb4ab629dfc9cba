/** One model of a comparison, in figures. */
export interface ComparedModel {
  readonly model: string;
  readonly images: number;
  readonly failed: number;
  /** Median of the time that the model ran; null where nothing was made. */
  readonly predictSeconds: number | null;
  /** Median from the create to the end. */
  readonly totalSeconds: number | null;
  readonly costUsd: number;
  /** Null where no price is known, or nothing was made. */
  readonly usdPerImage: number | null;
  /** The first picture that it made, relative to the run folder. */
  readonly image: string | null;
}

/** `comparison.json`. */
export interface Comparison {
  /** The fastest first; those that made nothing last. */
  readonly models: readonly ComparedModel[];
  readonly fastest: string | null;
  readonly cheapest: string | null;
}
