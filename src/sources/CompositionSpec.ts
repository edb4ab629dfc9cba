import type { BatchSpec } from './BatchSpec.ts';

/** A picture that takes part in compositions. */
export interface CompositionPicture {
  /** Names folders, files and tags. */
  readonly name: string;
  /** Path, from the spec's folder, or URL. */
  readonly image: string;
  /** What the prompt calls it. */
  readonly prompt: string;
}

/** Products, each of which is to be seen before each of some backgrounds. */
export interface CompositionSpec extends BatchSpec {
  /** Template with `{product}` and `{background}`. */
  readonly prompt: string;
  readonly products: readonly CompositionPicture[];
  readonly backgrounds: readonly CompositionPicture[];
  readonly max: number | null;
}
