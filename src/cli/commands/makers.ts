import type { RunCommand } from '../flags/commandTable.ts';

/** Loaders of the commands that make images from a file. */
export const makers = {
  generate: () => import('./generate.ts'),
  campaign: () => import('./campaign.ts'),
  grid: () => import('./grid.ts'),
  variations: () => import('./variations.ts'),
  compose: () => import('./compose.ts'),
  compare: () => import('./compare.ts'),
  styles: () => import('./styles.ts'),
  refine: () => import('./refine.ts'),
} as const satisfies Readonly<Record<string, () => Promise<{ readonly run: RunCommand }>>>;

/** A command that makes images from a file. */
export type Maker = keyof typeof makers;
