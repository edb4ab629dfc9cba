import { createIndexSet } from '../../base/indexSet.ts';
import type { JobTable } from './jobTable.ts';

/** The indexes of the saved jobs, in memory; in step with the table, transaction by transaction. */
interface SavedIndexes {
  readonly size: number;
  has(index: number): boolean;
  /** Notes the new state of a job in the open transaction. */
  note(index: number, isSaved: boolean): void;
  /** Keeps the notes: the transaction is committed. */
  keep(): void;
  /** Forgets the notes: the transaction has failed. */
  undo(): void;
  /** Reads them again: the jobs have other indexes now. */
  read(): void;
}

/** Reads the indexes of the saved jobs. Memory: one bit a job. */
export function createSavedIndexes(table: Pick<JobTable, 'indexesOf'>): SavedIndexes {
  const read = () => {
    const indexes = createIndexSet();
    for (const index of table.indexesOf('saved')) indexes.add(index);
    return indexes;
  };
  let saved = read();
  /** The set before it was read again in the open transaction; null if it was not. */
  let before: typeof saved | null = null;
  /** Indexes that the open transaction has changed; those it has changed twice are here twice. */
  let changed: number[] = [];
  const flip = (index: number): void => saved[saved.has(index) ? 'delete' : 'add'](index);
  return {
    get size() {
      return saved.size;
    },
    has: (index) => saved.has(index),
    note: (index, isSaved) => {
      if (saved.has(index) === isSaved) return;
      flip(index);
      if (before === null) changed.push(index);
    },
    keep: () => {
      before = null;
      changed = [];
    },
    undo: () => {
      saved = before ?? saved;
      for (const index of changed) flip(index);
      before = null;
      changed = [];
    },
    read: () => {
      before ??= saved;
      saved = read();
    },
  };
}
