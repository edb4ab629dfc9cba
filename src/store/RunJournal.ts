import type { Journal } from '../ports.ts';

/** How many jobs of a run stand where. */
export interface JournalCounts {
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  /** Begun and without an outcome. */
  readonly unfinished: number;
}

/** A journal that is open for a run, and what the run's budget and summary want to know of it. */
export interface RunJournal extends Journal {
  savedCount(): number;
  counts(): JournalCounts;
  /** Everything paid in this folder so far, in millionths of a US dollar. */
  spentMicroUsd(): number;
  /** Expected price of all attempts that are open: money that may have been spent and is not in `spentMicroUsd` yet. */
  openMicroUsd(): number;
  /** True where `resumeAnyway` once let another input into this folder: compare `find(index).key` before relying on `isSaved`. */
  readonly inputChanged: boolean;
  /** Makes everything recorded so far durable and gives the folder free. Throws `StorageError` where somebody took the file away. */
  close(): void;
}
