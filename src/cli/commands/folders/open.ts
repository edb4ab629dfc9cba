import { stat } from 'node:fs/promises';
import { unlessMissing } from '../../../disk/storageError.ts';
import { UsageError } from '../../../errors.ts';
import { runFolderAt, runsBelow } from '../../batch/runFolder.ts';
import { lookLines, pagesIn } from '../../display/lookLines.ts';
import { openPage } from '../../display/openPage.ts';
import type { ScriptIo } from '../../display/terminal.ts';
import type { RunCommand } from '../../flags/commandTable.ts';
import { plainCommand } from '../../flags/plainCommand.ts';

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand<{ readonly print?: boolean }>({
  name: 'open',
  describe: (command) =>
    command
      .argument('[FOLDER]', 'run folder (default: the one below out/ that was changed last)')
      .option('--print', 'print the addresses of its pages, and open nothing'),
  examples: ['', 'out/summer-launch', 'out/summer-launch --print'],
  run: ([path], { print = false }, io) => openRun(path, io, print ? async () => {} : openPage),
});

/**
 * Opens the gallery of a run, and prints the addresses of its pages. Resolves with the exit code.
 */
export async function openRun(
  path: string | undefined,
  { stdout }: Pick<ScriptIo, 'stdout'>,
  open: (page: string) => Promise<void>,
): Promise<number> {
  const folder = await runFolderAt(path ?? (await newestRun()));
  const [page] = pagesIn(folder);
  if (page === undefined) {
    throw new UsageError(`${path ?? folder} has no gallery.`, {
      suggestion: 'Run its command again without --no-gallery: saved images are not made again.',
    });
  }
  stdout.write(
    lookLines(folder)
      .map((line) => `${line}\n`)
      .join(''),
  );
  await open(page);
  return 0;
}

async function newestRun(): Promise<string> {
  const runs: { readonly path: string; readonly atMs: number }[] = [];
  for await (const path of runsBelow('out')) {
    const stats = await unlessMissing(stat(path));
    if (stats !== null) runs.push({ path, atMs: stats.mtimeMs });
  }
  const [newest] = runs.toSorted((one, other) => other.atMs - one.atMs);
  if (newest !== undefined) return newest.path;
  throw new UsageError('There is no run folder below out/.', { suggestion: 'Name the folder of a run.' });
}
