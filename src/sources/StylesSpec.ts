import type { BatchSpec } from './BatchSpec.ts';

/** Prompts, and the pictures whose styles they are to be tried in. */
export interface StylesSpec extends BatchSpec {
  readonly prompts: readonly { readonly name: string; readonly prompt: string }[];
  /** In the order of the variants A, B, C, …; paths from the spec's folder, or URLs. */
  readonly styles: readonly { readonly name: string; readonly picture: string }[];
  readonly max: number | null;
}
