import { makers } from '../commands/makers.ts';
import type { CommandName, RunCommand } from '../flags/commandTable.ts';

/** Loads a command. */
export type CommandLoader = () => Promise<{ readonly run: RunCommand }>;

/** Loaders of all commands except `completion`. */
export const loaders: Readonly<Record<Exclude<CommandName, 'completion'>, CommandLoader>> = {
  ...makers,
  votes: () => import('../commands/folders/votes.ts'),
  collect: () => import('../commands/collect.ts'),
  retry: () => import('../commands/retry.ts'),
  calibrate: () => import('../commands/calibrate.ts'),
  simulator: () => import('../commands/simulator.ts'),
  fleet: () => import('../commands/fleet/local.ts'),
  worker: () => import('../commands/fleet/worker.ts'),
  open: () => import('../commands/folders/open.ts'),
  runs: () => import('../commands/folders/runs.ts'),
  picks: () => import('../commands/folders/picks.ts'),
  render: () => import('../commands/folders/render.ts'),
  prune: () => import('../commands/folders/prune.ts'),
  hooks: () => import('../commands/fleet/hooks.ts'),
  status: () => import('../commands/fleet/status.ts'),
  init: () => import('../commands/setup/init.ts'),
  check: () => import('../commands/setup/check.ts'),
};
