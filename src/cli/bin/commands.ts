import type { CommandName, RunCommand } from '../flags/commandTable.ts';

/** Loads a command; each is imported only when it runs. */
export const commands: Readonly<Record<CommandName, () => Promise<{ readonly run: RunCommand }>>> = {
  generate: () => import('../commands/generate.ts'),
  campaign: () => import('../commands/campaign.ts'),
  grid: () => import('../commands/grid.ts'),
  variations: () => import('../commands/variations.ts'),
  compose: () => import('../commands/compose.ts'),
  compare: () => import('../commands/compare.ts'),
  styles: () => import('../commands/styles.ts'),
  votes: () => import('../commands/votes.ts'),
  refine: () => import('../commands/refine.ts'),
  collect: () => import('../commands/collect.ts'),
  retry: () => import('../commands/retry.ts'),
  calibrate: () => import('../commands/calibrate.ts'),
  simulator: () => import('../commands/simulator.ts'),
};
