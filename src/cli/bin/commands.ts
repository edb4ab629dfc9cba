import { makers } from '../commands/makers.ts';
import type { CommandName, RunCommand } from '../flags/commandTable.ts';

/** Loads a command; each is imported only when it runs. */
export const commands: Readonly<Record<CommandName, () => Promise<{ readonly run: RunCommand }>>> = {
  ...makers,
  votes: () => import('../commands/folders/votes.ts'),
  collect: () => import('../commands/collect.ts'),
  retry: () => import('../commands/retry.ts'),
  calibrate: () => import('../commands/calibrate.ts'),
  simulator: () => import('../commands/simulator.ts'),
  worker: () => import('../commands/fleet/worker.ts'),
  open: () => import('../commands/folders/open.ts'),
  runs: () => import('../commands/folders/runs.ts'),
  picks: () => import('../commands/folders/picks.ts'),
  render: () => import('../commands/folders/render.ts'),
  prune: () => import('../commands/folders/prune.ts'),
  status: () => import('../commands/fleet/status.ts'),
  init: () => import('../commands/setup/init.ts'),
  check: () => import('../commands/setup/check.ts'),
};
