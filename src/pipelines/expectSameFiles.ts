import { UsageError } from '../errors.ts';
import type { OpenRun } from './openRun.ts';
import type { PlanSource } from './unfinishedPlans.ts';

/**
 * Looks whether the input files of jobs that the folder knows are what they were: the fingerprint of a run tells its prompts
 * and settings, but not what is in the files that they name. Rejects with `UsageError` where one has changed.
 */
export async function expectSameFiles(plans: PlanSource, { config, journal }: OpenRun): Promise<void> {
  const { saved, failed, skipped, unfinished } = journal.counts();
  if (saved + failed + skipped + unfinished === 0) return;
  for await (const { files, index, key } of plans()) {
    if (files === undefined) continue;
    const known = journal.find(index);
    if (known === undefined || known.key === key) continue;
    throw new UsageError(
      `Expected the input files that ${config.folder} was begun with, got others, first for image #${index + 1}.`,
      {
        suggestion:
          'Choose another folder with --out, or go on here with --resume-anyway: jobs whose files are unchanged are kept.',
      },
    );
  }
}
