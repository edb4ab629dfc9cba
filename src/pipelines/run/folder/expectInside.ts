import { join, relative, sep } from 'node:path';
import { atPlace, createInsideFolder, insideFolder } from '../../../disk/insideFolder.ts';
import { unusedFileName, unusedResults } from '../../../sinks/manifest/unusedResults.ts';
import type { Outcome } from '../../../types.ts';
import type { OpenRun } from '../settings.ts';

/**
 * Creates the check that the files of an outcome lie in the run folder, also if links are followed:
 * before a run reads, delivers or deletes any of them. `list` is the file that has the outcomes.
 * The check throws `UsageError`.
 */
export function createFilesCheck(
  folder: string,
  list = 'manifest.jsonl',
): (outcome: Pick<Outcome, 'files' | 'index'>) => void {
  const expectInside = createInsideFolder(folder);
  return ({ files, index }) => {
    try {
      for (const { path } of files) expectInside(path);
    } catch (error) {
      throw atPlace(`${join(folder, list)}, job #${index + 1}`, error);
    }
  };
}

/** Checks the files of all outcomes of a run folder, and those of jobs that have none yet. */
export async function expectAllInside(run: Pick<OpenRun, 'config' | 'manifest' | 'journal'>): Promise<void> {
  await expectOthersInside(run);
  const expectInside = createFilesCheck(run.config.folder);
  for await (const outcome of run.manifest.outcomes()) expectInside(outcome);
}

/**
 * Checks the files that are not in the manifest: those of unfinished jobs, which only the journal
 * has, and unused results. Rejects with `UsageError`.
 */
export async function expectOthersInside({
  config,
  journal,
}: Pick<OpenRun, 'config' | 'journal'>): Promise<void> {
  const { folder } = config;
  const expectInside = createFilesCheck(folder, unusedFileName);
  for await (const { outcome } of unusedResults(folder)) expectInside(outcome);
  for (const index of journal.openIndexes()) {
    try {
      for (const { path, untouched } of journal.find(index)?.files ?? []) {
        insideFolder(folder, below(folder, path));
        if (untouched !== undefined) insideFolder(folder, below(folder, untouched.path));
      }
    } catch (error) {
      throw atPlace(`${join(folder, 'run.sqlite')}, job #${index + 1}`, error);
    }
  }
}

function below(folder: string, path: string): string {
  return relative(folder, path).replaceAll(sep, '/');
}
