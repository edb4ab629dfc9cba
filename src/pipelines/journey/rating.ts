import type { Observable } from 'rxjs';
import type { Scorer } from '../../ports.ts';
import type { Outcome, ScoringModel } from '../../types.ts';

/** The rating of images. */
export interface RatingSettings {
  /**
   * Rates each image; higher is better. Outcome, sidecar and manifest have the score as
   * `metrics.score`. A model uses the budget and the slots of the run. Images that earlier runs
   * have saved without a score are rated first. Default: none.
   */
  scorer?: Scorer | ScoringModel;
  /**
   * Keep a journal of ratings that a model makes, beside that of the images. Default: if the folder
   * has one, or `scorer` is a model.
   */
  ratings?: boolean;
}

/** The result of the rating of a job's image. */
export interface Rating {
  /** Higher is better; null if the image could not be rated. */
  readonly score: number | null;
  /** The cost of the rating, which is booked apart from the image's; null if it is unknown. */
  readonly costUsd: number | null;
  /** The error that stops the run; null: none. */
  readonly fault: unknown;
}

/** Rates the image of a saved job; emits nothing if there is none to rate. */
export type ImageRater = (outcome: Outcome) => Observable<Rating>;
