import type { InputFiles, Json, ModelInput } from '../../types.ts';

/** A model of the service that rates pictures, and how it is asked. */
export interface ScoringModel {
  /** `owner/name`. */
  readonly model: string;
  /** The pinned version (64 hex digits), or null for the model's newest. */
  readonly version: string | null;
  /** The input that takes the picture, and how it is given to it: `pictureInput(schema, 1)`. */
  readonly picture: { readonly name: string; readonly valueOf: (picture: string) => Json };
  /** All other inputs; `{prompt}` in their texts stands for the picture's prompt. */
  readonly input: ModelInput;
  /** The files that some texts of the input stand for. Absent: none. */
  readonly files?: InputFiles;
  /** Of one rating, in millionths of a US dollar. Null: as the price table has it, if it does. */
  readonly priceMicroUsd: number | null;
  /** Reads the score from an output. Default: `firstNumber`. */
  readonly parse?: (output: Json) => number | null;
}
