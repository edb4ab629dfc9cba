import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { UsageError } from '../../errors.ts';
import type { Outcome, OutcomeFile } from '../../types.ts';
import { OUTPUT_LIFETIME_MS } from '../journey/run.ts';
import type { PlanSource } from './recoveryRounds.ts';
import type { OpenRun } from './settings.ts';

/**
 * Counts the jobs that earlier runs have saved, among the first `total`. Set `mayDiffer` if
 * requests or files may have changed since then.
 */
export async function countSaved(
  plans: PlanSource,
  total: number,
  run: Pick<OpenRun, 'isSaved' | 'wasSaved'>,
  mayDiffer = false,
): Promise<number> {
  const { isSaved, wasSaved } = run;
  let saved = 0;
  if (mayDiffer) {
    for await (const plan of plans()) if (isSaved(plan)) saved += 1;
    return saved;
  }
  for (let index = 0; index < total; index += 1) {
    if (wasSaved(index)) saved += 1;
  }
  return saved;
}

/** Counts items by iterating over all of them. */
export async function countOf(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of items) count += 1;
  return count;
}

/**
 * Checks that the input files of jobs that the folder knows are unchanged: the fingerprint of a run
 * covers its prompts and settings, but not the content of files that they name. Rejects with
 * `UsageError` if one has changed.
 */
export async function expectSameFiles(
  plans: PlanSource,
  { config, journal }: Pick<OpenRun, 'config' | 'journal'>,
): Promise<void> {
  const { saved, failed, skipped, unfinished } = journal.counts();
  if (saved + failed + skipped + unfinished === 0) return;
  for await (const { files, index, key } of plans()) {
    if (files === undefined) continue;
    const known = journal.find(index);
    if (known === undefined || known.key === key) continue;
    throw new UsageError(
      `Input files have changed since ${config.folder} was begun, first for image #${index + 1}.`,
      {
        suggestion:
          'Choose another folder with --out, or continue here with --resume-anyway: jobs whose files are unchanged stay saved.',
      },
    );
  }
}

/**
 * Reopens saved jobs whose images were deleted from the folder, if restoring them costs nothing:
 * renditions are made from their original, originals are downloaded again while the service has
 * them. With `repay` the other jobs are made again too; without it they stay as they are, and a
 * warning names them. Images may be missing if another destination has them.
 */
export async function reopenMissing({
  config,
  manifest,
  isChosen,
  reopen,
}: Pick<OpenRun, 'config' | 'manifest' | 'isChosen' | 'reopen'>): Promise<void> {
  const { folder, emit, repay = false, scheduler = monotonicScheduler } = config;
  const lost = new Map<number, string | null>();
  const gone: number[] = [];
  for await (const outcome of manifest.outcomes()) {
    const missing = missingFiles(outcome, folder);
    if (missing.length === 0 || !isChosen(outcome.index)) continue;
    const isFree = isRestorable(outcome, missing, wallNow(scheduler));
    if (isFree || repay) lost.set(outcome.index, outcome.predictionId);
    else gone.push(outcome.index);
  }
  reopen(lost);
  if (gone.length > 0) emit?.({ type: 'warning', message: describeGone(gone) });
}

function missingFiles({ status, files, deliveredTo }: Outcome, folder: string): OutcomeFile[] {
  if (status !== 'saved' || deliveredTo !== undefined) return [];
  return files.filter(({ role, path }) => role !== 'untouched' && !existsSync(join(folder, path)));
}

/**
 * Returns true if missing files can be restored without payment. A job cannot fetch the output of
 * an identical job's prediction.
 */
function isRestorable(
  { cached, completedAt }: Outcome,
  missing: readonly OutcomeFile[],
  nowMs: number,
): boolean {
  if (cached) return false;
  if (missing.every(({ role }) => role === 'rendition')) return true;
  return completedAt !== null && nowMs - Date.parse(completedAt) < OUTPUT_LIFETIME_MS;
}

function describeGone(indexes: readonly number[]): string {
  const numbers = indexes.slice(0, 5).map((index) => `#${index + 1}`);
  const more = indexes.length > numbers.length ? ', …' : '';
  const jobs =
    indexes.length === 1 ? '1 job has lost its images' : `${indexes.length} jobs have lost their images`;
  return `${jobs} (${numbers.join(', ')}${more}) and the service has deleted them. Run with --repay to make, and pay for, them again.`;
}
