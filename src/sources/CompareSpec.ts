import type { BatchSpec } from './BatchSpec.ts';

/** Prompts, and the models that are to show what they make of them. */
export interface CompareSpec extends BatchSpec {
  readonly prompts: readonly { readonly name: string; readonly prompt: string }[];
  /** `owner/name`, perhaps with `:version`. */
  readonly models: readonly string[];
}
