import type { IndexSet } from '../../../base/indexSet.ts';
import { monotonicScheduler, wallNow } from '../../../base/monotonicScheduler.ts';
import { option, UsageError } from '../../../errors.ts';
import type { Outcome, Plan } from '../../../types.ts';
import { OUTPUT_LIFETIME_MS } from '../../journey/run.ts';
import { createFilesCheck, expectOthersInside } from '../folder/expectInside.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun } from '../settings.ts';
import { createAdditions, createPlanCursor, isAway, type Wishes } from './additions.ts';

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

/** Counts the jobs that are neither saved nor chosen, in the same way. */
export async function countLeftOut(
  plans: PlanSource,
  total: number,
  { isSaved, wasSaved, isChosen }: Pick<OpenRun, 'isSaved' | 'wasSaved' | 'isChosen'>,
  mayDiffer = false,
): Promise<number> {
  const isLeftOut = { isSaved: (plan: Plan) => !isChosen(plan.index) && !isSaved(plan) };
  const wasLeftOut = { wasSaved: (index: number) => !isChosen(index) && !wasSaved(index) };
  return countSaved(plans, total, { ...isLeftOut, ...wasLeftOut }, mayDiffer);
}

/** Counts items by iterating over all of them. */
export async function countOf(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<number> {
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
        suggestion: `Choose another folder with ${option('--out')}, or continue here with ${option('--resume-anyway')}: jobs whose files are unchanged stay saved.`,
      },
    );
  }
}

/**
 * Reviews the saved jobs of a folder. Those whose originals were deleted are reopened if fetching
 * them again costs nothing: as long as the service has them. With `repay` the other jobs are made
 * again too; without it they stay as they are, and a warning names them. Originals may be missing
 * if another destination has them. Jobs that the manifest does not list, or lists as they were in
 * an earlier input, get their line again; they are paid. Returns the jobs whose renditions can be
 * made from files on disk. Rejects with `UsageError` if a file does not lie in the folder.
 */
export async function reopenMissing(
  plans: PlanSource,
  run: Pick<OpenRun, 'config' | 'journal' | 'manifest' | 'isChosen' | 'wasSaved' | 'reopen'>,
  wishes: Wishes = {},
): Promise<IndexSet> {
  const { config, journal, reopen } = run;
  await expectOthersInside(run);
  const additions = createAdditions(run, wishes);
  const lost = new Map(unlisted(run));
  const gone: number[] = [];
  for await (const [outcome, plan] of savedJobs(plans, run)) {
    const { index } = outcome;
    const state = stateOf(outcome, plan, config);
    if (state === 'whole') await additions.see(outcome, plan);
    else if (state === 'gone') gone.push(index);
    else lost.set(index, journal.find(index)?.predictionId ?? null);
  }
  reopen(lost);
  if (gone.length > 0) config.emit?.({ type: 'warning', message: describeGone(gone) });
  additions.report();
  return additions.toRender;
}

/** Yields the saved outcomes of the chosen jobs with their plans. */
async function* savedJobs(
  plans: PlanSource,
  { config, manifest, isChosen, wasSaved }: Pick<OpenRun, 'config' | 'manifest' | 'isChosen' | 'wasSaved'>,
): AsyncGenerator<[Outcome, Plan]> {
  const planAt = createPlanCursor(plans);
  const expectInside = createFilesCheck(config.folder);
  for await (const outcome of manifest.outcomes()) {
    const { status, index } = outcome;
    expectInside(outcome);
    if (status !== 'saved' || !wasSaved(index) || !isChosen(index)) continue;
    const plan = await planAt(index);
    if (plan !== undefined) yield [outcome, plan];
  }
}

/**
 * Returns the state of a saved outcome: `whole`; `lost`, as its originals are missing, but can be
 * had again; `gone`, as they cannot; `stale`, as its index is that of another job now.
 */
function stateOf(
  outcome: Outcome,
  { key }: Plan,
  { folder, repay = false, scheduler = monotonicScheduler }: OpenRun['config'],
): 'whole' | 'lost' | 'gone' | 'stale' {
  if (outcome.key !== key) return 'stale';
  if (outcome.deliveredTo !== undefined || !isAway(outcome, folder)) return 'whole';
  return isRestorable(outcome, wallNow(scheduler)) || repay ? 'lost' : 'gone';
}

/** Yields the saved jobs that the manifest does not have as saved, with their predictions' ids. */
function* unlisted({
  journal,
  manifest,
}: Pick<OpenRun, 'journal' | 'manifest'>): Generator<[index: number, predictionId: string | null]> {
  let left = journal.savedCount();
  for (let index = 0; left > 0; index += 1) {
    if (!journal.isSaved(index)) continue;
    left -= 1;
    if (!manifest.saved.has(index)) yield [index, journal.find(index)?.predictionId ?? null];
  }
}

/**
 * Returns true if missing originals can be fetched again without payment. A job cannot fetch the
 * output of an identical job's prediction.
 */
function isRestorable({ cached, createdAt, completedAt }: Outcome, nowMs: number): boolean {
  // An end that the service never reported came after the beginning.
  const endedAtMs = Date.parse(completedAt ?? createdAt ?? '');
  return !cached && nowMs - endedAtMs < OUTPUT_LIFETIME_MS;
}

function describeGone(indexes: readonly number[]): string {
  const numbers = indexes.slice(0, 5).map((index) => `#${index + 1}`);
  const more = indexes.length > numbers.length ? ', …' : '';
  const jobs =
    indexes.length === 1 ? '1 job has lost its images' : `${indexes.length} jobs have lost their images`;
  return `${jobs} (${numbers.join(', ')}${more}) and the service has deleted them. Run with ${option('--repay')} to make, and pay for, them again.`;
}
