import type { RowItem } from './Row.ts';

/** A prompt file whose kind is known and whose beginning makes sense. */
export interface PromptFile {
  readonly path: string;
  /**
   * Reads the file from its beginning, in memory that does not depend on its length; each call is a pass of its own.
   * Bad rows are items, not errors. Throws `UsageError` where the file as a whole cannot be read.
   */
  rows(): AsyncIterable<RowItem>;
}
