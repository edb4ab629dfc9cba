import type { CommandName } from '../flags/commandTable.ts';
import { loadInstalled } from './missingPackages.ts';
import { acceptsNode } from './nodeVersion.ts';

/** Runs a command as a script of its own: its arguments are those of the process. */
export async function startScript(name: CommandName): Promise<void> {
  if (!acceptsNode(process)) return;
  const { keepCompiled } = await import('../../store/cacheFolder.ts');
  keepCompiled(process.env);
  const { commands } = await import('./commands.ts');
  const command = await loadInstalled(commands[name]);
  await command?.run(process.argv.slice(2));
}
