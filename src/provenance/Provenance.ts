/** Where a picture is from, as it is written into the picture. */
export interface Provenance {
  /** `owner/name`. */
  readonly model: string;
  /** The version that made it, or null where it is not known. */
  readonly version: string | null;
  /** Null where it is to stay out. */
  readonly prompt: string | null;
  readonly predictionId: string;
  /** When the prediction was finished, ISO 8601; null where it is not known. */
  readonly completedAt: string | null;
}
