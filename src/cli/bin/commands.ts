import type { CommandName } from '../flags/commandTable.ts';
import { type CommandLoader, loaders } from './loaders.ts';

/** Loads a command; each is imported only when it runs. */
export const commands: Readonly<Record<CommandName, CommandLoader>> = {
  ...loaders,
  completion: () => import('./completion.ts'),
};
