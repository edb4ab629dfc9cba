import type { Item } from './Item.ts';

interface Sort {
  readonly label: string;
  /** Returns the sort key; null for input order. */
  readonly keyOf: ((item: Item) => number | undefined) | null;
  readonly descending: boolean;
}

/** The orders in which items can be shown. */
export const sorts = {
  input: { label: 'Input order', keyOf: null, descending: false },
  newest: { label: 'Newest first', keyOf: endOf, descending: true },
  oldest: { label: 'Oldest first', keyOf: endOf, descending: false },
  slowest: { label: 'Slowest first', keyOf: ({ job }) => job.predictS, descending: true },
  fastest: { label: 'Fastest first', keyOf: ({ job }) => job.predictS, descending: false },
  dearest: { label: 'Highest cost first', keyOf: ({ job }) => job.costUsd, descending: true },
  best: { label: 'Best score first', keyOf: ({ job }) => job.score, descending: true },
} satisfies Record<string, Sort> as Record<SortName, Sort>;

export type SortName = 'input' | 'newest' | 'oldest' | 'slowest' | 'fastest' | 'dearest' | 'best';

/**
 * Returns the time at which an item's job ended, or began if the service does not report its end.
 * Running jobs are newer than all others.
 */
function endOf({ job: { status, completedMs, createdMs } }: Item): number | undefined {
  return status === 'running' ? Number.MAX_VALUE : (completedMs ?? createdMs);
}
