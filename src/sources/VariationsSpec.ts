import type { BatchSpec } from './BatchSpec.ts';

/** One of the ways in which a picture is to be varied. */
export interface PictureVariation {
  /** Names files and tags. */
  readonly name: string;
  /** Its words in the prompt. */
  readonly prompt: string;
}

/** A picture, and what is to be made of it. */
export interface VariationsSpec extends BatchSpec {
  /** Path, from the spec's folder, or URL. */
  readonly reference: string;
  /** Said of every variation; `{variation}` is its own words, which otherwise follow. */
  readonly prompt: string;
  readonly variations: readonly PictureVariation[];
  /** How far to go from the reference, 0…1: each of these. Empty: as the model does by itself. */
  readonly strengths: readonly number[];
  readonly max: number | null;
}
