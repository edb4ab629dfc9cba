import type { z } from 'zod';

/** Texts that a flag takes. */
export interface FlagChoices {
  readonly words: readonly string[];
  /** True if it takes no others. */
  readonly areAll: boolean;
}

/** A parser for the text after a flag. */
export interface FlagValue<Value> {
  /** Completes the sentence "Expected `--flag` to be …". */
  readonly expected: string;
  readonly schema: z.ZodType<Value, string>;
  /** Texts that are values, for completion. Default: none are named. */
  readonly choices?: FlagChoices;
  /** Advice for a text that is no value. Default: none. */
  readonly advice?: (text: string) => string;
  /** Formats a value as you would type it. Default: `String`. */
  readonly show?: (value: Value) => string;
}
