import { stat } from 'node:fs/promises';
import { unlessMissing } from '../../../disk/storageError.ts';
import { UsageError } from '../../../errors.ts';
import { runFolderAt, runsBelow } from '../../batch/runFolder.ts';
import { lookLines, pagesIn } from '../../display/lookLines.ts';
import { notOpenedText, openPage } from '../../display/openPage.ts';
import type { ScriptIo } from '../../display/terminal.ts';
import type { RunCommand } from '../../flags/commandTable.ts';
import { plainCommand } from '../../flags/plainCommand.ts';
import { exitCodes } from '../../script/exit.ts';

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand<{ readonly print?: boolean }>({
  name: 'open',
  describe: (command) =>
    command
      .argument('[FOLDER]', 'run folder (default: the one below out/ that was changed last)')
      .option('--print', 'print the addresses of its pages, and open nothing'),
  examples: ['', 'out/summer-launch', 'out/summer-launch --print'],
  run: ([path], { print = false }, io) => openRun(path, io, print ? async () => true : openPage),
});

/**
 * Opens the gallery of a run, and prints the addresses of its pages. Resolves with the exit code: 1
 * if no browser could be started.
 */
export async function openRun(
  path: string | undefined,
  { stdout, stderr }: Pick<ScriptIo, 'stdout' | 'stderr'>,
  open: (page: string) => Promise<boolean>,
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
  if (await open(page)) return exitCodes.allSaved.code;
  stderr.write(`error: ${notOpenedText(page)}\n`);
  return exitCodes.incomplete.code;
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
