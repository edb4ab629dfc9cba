import type { JobRecord } from '../ports.ts';

/** A job as a journal keeps it: what others may know of it, and the money. */
export interface StoredJob {
  readonly record: JobRecord;
  /** Expected price of the open attempt; 0 where none is open or no price is known. */
  readonly openMicroUsd: number;
  /** Paid under other keys, before the input changed at this index. */
  readonly earlierMicroUsd: number;
  /** Everything paid at this index so far. */
  readonly paidMicroUsd: number;
}
