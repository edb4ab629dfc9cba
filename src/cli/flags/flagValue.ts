import type { z } from 'zod';

/** A parser for the text after a flag. */
export interface FlagValue<Value> {
  /** Completes the sentence "Expected `--flag` to be …". */
  readonly expected: string;
  readonly schema: z.ZodType<Value, string>;
  /** Advice for a text that is no value. Default: none. */
  readonly advice?: (text: string) => string;
  /** Formats a value as you would type it. Default: `String`. */
  readonly show?: (value: Value) => string;
}
