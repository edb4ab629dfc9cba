import type { Judgement } from '../../src/sinks/picks/picks.ts';

/** The filters by judgement, and their names in the toolbar. */
export const judgedFilters = {
  all: 'All',
  picked: 'Picked',
  undecided: 'Undecided',
  rejected: 'Rejected',
  stars1: '★ or more',
  stars2: '★★ or more',
  stars3: '★★★ or more',
  stars4: '★★★★ or more',
  stars5: '★★★★★',
} as const;

export type JudgedFilter = keyof typeof judgedFilters;

/** Returns true if a judgement passes a filter. */
export function passes(filter: JudgedFilter, { verdict, stars }: Judgement): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'picked':
    case 'rejected':
      return verdict === filter;
    case 'undecided':
      return verdict === null;
    default:
      return stars >= Number(filter.slice(-1));
  }
}
