import { Option } from 'commander';
import { copyPicks } from '../../../sinks/picks/copyPicks.ts';
import { type PickedFileKind, pickedFileKinds } from '../../../sinks/picks/picks.ts';
import { readPicks } from '../../../sinks/picks/readPicks.ts';
import { runFolderAt } from '../../batch/runFolder.ts';
import type { ScriptIo } from '../../display/terminal.ts';
import { counted, plainText } from '../../display/text.ts';
import type { RunCommand } from '../../flags/commandTable.ts';
import { plainCommand } from '../../flags/plainCommand.ts';

interface Options {
  readonly to?: string;
  readonly files?: PickedFileKind;
  readonly json?: boolean;
}

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand<Options>({
  name: 'picks',
  describe: (command) =>
    command
      .argument('<FOLDER>', '--out folder of a run')
      .argument('<FILE>', 'picks.json, as the gallery of the run exported it')
      .option('--to <DIR>', 'folder for the copies (default: picked)')
      .addOption(
        new Option('--files <KIND>', 'which files of each image').choices(pickedFileKinds).default('all'),
      )
      .option('--json', 'print the paths of the copies as one JSON list'),
  examples: ['out/prompts picks.json --to client', 'out/prompts picks.json --files renditions'],
  run: ([folder = '', file = ''], options, io) => picks(folder, file, options, io),
});

/** Copies the picked images of a run folder to another. Resolves with the exit code. */
export async function picks(
  path: string,
  file: string,
  { to = 'picked', files = 'all', json = false }: Options,
  { stdout }: Pick<ScriptIo, 'stdout'>,
): Promise<number> {
  const folder = await runFolderAt(path);
  const images = await readPicks(file, folder);
  const copies = await copyPicks(folder, images, { to, files });
  const what = `${counted(images.length, 'image')}, ${counted(copies.length, 'file')}`;
  stdout.write(json ? `${JSON.stringify(copies, null, 2)}\n` : `Copied ${what} to ${plainText(to)}.\n`);
  return 0;
}
