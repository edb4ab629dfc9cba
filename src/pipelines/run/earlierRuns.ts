import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asyncScheduler } from 'rxjs';
import { UsageError } from '../../errors.ts';
import type { Outcome, OutcomeFile } from '../../types.ts';
import { OUTPUT_LIFETIME_MS } from '../journey/run.ts';
import type { PlanSource } from './recoveryRounds.ts';
import type { OpenRun } from './settings.ts';

/** How many of the first `total` jobs earlier runs have finished; `mayDiffer` where requests or files may have changed since. */
export async function countSaved(
  plans: PlanSource,
  total: number,
  run: OpenRun,
  mayDiffer = false,
): Promise<number> {
  const { isSaved, wasSaved, journal } = run;
  let saved = 0;
  if (journal.inputChanged || mayDiffer) {
    for await (const plan of plans()) if (isSaved(plan)) saved += 1;
    return saved;
  }
  for (let index = 0; index < total; index += 1) {
    if (wasSaved(index)) saved += 1;
  }
  return saved;
}

/** How many there are; goes through all of them. */
export async function countOf(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of items) count += 1;
  return count;
}

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

/**
 * Has saved jobs whose pictures were deleted from the folder done again, as far as that costs nothing: renditions come from their
 * original, originals from the service while it has them. Under `repay` the others are made again too; else they stay as they
 * are, and a warning tells of them. Pictures that are at another destination may be missing here.
 */
export async function reopenMissing({ config, manifest, isChosen, reopen }: OpenRun): Promise<void> {
  const { folder, emit, repay = false, scheduler = asyncScheduler } = config;
  const lost = new Map<number, string | null>();
  const gone: number[] = [];
  for await (const outcome of manifest.outcomes()) {
    const missing = missingFiles(outcome, folder);
    if (missing.length === 0 || !isChosen(outcome.index)) continue;
    const isFree = isRestorable(outcome, missing, scheduler.now());
    if (isFree || repay) lost.set(outcome.index, outcome.predictionId);
    else gone.push(outcome.index);
  }
  reopen(lost);
  if (gone.length > 0) emit?.({ type: 'warning', message: tellOf(gone) });
}

function missingFiles({ status, files, deliveredTo }: Outcome, folder: string): OutcomeFile[] {
  if (status !== 'saved' || deliveredTo !== undefined) return [];
  return files.filter(({ role, path }) => role !== 'untouched' && !existsSync(join(folder, path)));
}

/** What an equal job paid for cannot be had from the service by this one. */
function isRestorable(
  { cached, completedAt }: Outcome,
  missing: readonly OutcomeFile[],
  nowMs: number,
): boolean {
  if (cached) return false;
  if (missing.every(({ role }) => role === 'rendition')) return true;
  return completedAt !== null && nowMs - Date.parse(completedAt) < OUTPUT_LIFETIME_MS;
}

function tellOf(indexes: readonly number[]): string {
  const numbers = indexes.slice(0, 5).map((index) => `#${index + 1}`);
  const more = indexes.length > numbers.length ? ', …' : '';
  const count = indexes.length === 1 ? '1 job is' : `${indexes.length} jobs are`;
  return `Pictures of ${count} no longer in the folder (${numbers.join(', ')}${more}), nor at the service: --repay makes them again.`;
}
