import { type PrunableFile, prunableKinds, pruneFolder } from '../../../pipelines/workflows/pruneFolder.ts';
import { runFolderAt } from '../../batch/runFolder.ts';
import type { ScriptIo } from '../../display/terminal.ts';
import { counted, plainText } from '../../display/text.ts';
import type { RunCommand } from '../../flags/commandTable.ts';
import { plainCommand } from '../../flags/plainCommand.ts';

interface Options {
  readonly thumbnails?: boolean;
  readonly unused?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand<Options>({
  name: 'prune',
  describe: (command) =>
    command
      .argument('<FOLDER>', '--out folder of a run')
      .option('--thumbnails', 'all thumbnails too; the next run makes them again')
      .option('--unused', 'results too that no job asks for any more; they were paid')
      .option('--yes', 'delete the listed files')
      .option('--json', 'print the files as one JSON list'),
  examples: ['out/prompts', 'out/prompts --thumbnails --yes'],
  run: ([path = ''], options, io) => prune(path, options, io),
});

/**
 * Lists the files that a folder does not need; deletes them with `yes`. Resolves with the exit
 * code.
 */
export async function prune(
  path: string,
  { thumbnails = false, unused = false, yes = false, json = false }: Options,
  { stdout }: Pick<ScriptIo, 'stdout'>,
): Promise<number> {
  const folder = await runFolderAt(path);
  const files = await pruneFolder({ folder, thumbnails, unused, remove: yes });
  stdout.write(json ? `${JSON.stringify(files, null, 2)}\n` : asText(files, yes));
  return 0;
}

const MOST_PATHS = 5;

function asText(files: readonly PrunableFile[], isDone: boolean): string {
  if (files.length === 0) return 'There is nothing to delete.\n';
  const lines = prunableKinds.flatMap((kind) => {
    const own = files.filter((file) => file.kind === kind);
    if (own.length === 0) return [];
    const paths = own.slice(0, MOST_PATHS).map((file) => `  ${plainText(file.path)}`);
    const hidden = own.length - paths.length;
    return [`${kind}: ${sizeOf(own)}`, ...paths, ...(hidden > 0 ? [`  … and ${hidden} more`] : [])];
  });
  const end = isDone ? `Deleted ${sizeOf(files)}.` : `Nothing was deleted. --yes deletes ${sizeOf(files)}.`;
  return `${[...lines, end].join('\n')}\n`;
}

function sizeOf(files: readonly PrunableFile[]): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const size = bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return `${counted(files.length, 'file')}, ${size}`;
}
