import type { RowProblem } from '../errors.ts';
import type { Json } from '../types.ts';

/** One prompt of a prompt file, with whatever stood beside it. */
export interface Row {
  readonly type: 'row';
  /** 1-based line of the file; for JSON arrays the item's number. */
  readonly line: number;
  /** Never blank, without white space around it. */
  readonly prompt: string;
  /** The other columns or keys: model inputs and tags. */
  readonly fields: Readonly<Record<string, Json>>;
  /** True where all fields are texts whose types the model's schema decides (CSV, TSV). */
  readonly text: boolean;
}

/** A row that cannot be used. It stands in the stream of rows, so that reading goes on and finds the others too. */
export interface BadRow extends RowProblem {
  readonly type: 'problem';
}

export type RowItem = Row | BadRow;
