import {
  catchError,
  concat,
  concatMap,
  defer,
  delayWhen,
  EMPTY,
  forkJoin,
  ignoreElements,
  type Observable,
  of,
} from 'rxjs';
import { createIndexSet } from '../base/indexSet.ts';
import { checkedProvider } from '../operators/internal/checkedProvider.ts';
import { expectCount } from '../operators/internal/options.ts';
import { warnOfMissingGlyphs } from '../renditions/captionGlyphs.ts';
import type { ModelInput, Plan } from '../types.ts';
import { generate } from './generate.ts';
import { rateImages } from './rating/ratedRun.ts';
import { checkSettings } from './run/checkSettings.ts';
import { addBudgetNeeded } from './run/closing/budgetNeeded.ts';
import { closingLook } from './run/closing/closingLook.ts';
import { endOrFault, endUnclosed } from './run/closing/faults.ts';
import { type FinishedRun, writeResults } from './run/closing/results.ts';
import { countedPlans, countPlans } from './run/countedPlans.ts';
import { countLeftOut, countSaved, reopenMissing } from './run/earlier/earlierRuns.ts';
import { enteredBefore, reportEnds } from './run/earlier/madeElsewhere.ts';
import { renderEarlier } from './run/earlier/renderEarlier.ts';
import { warnOfOthers } from './run/earlier/warnOfOthers.ts';
import { warnOfShortBudget } from './run/folder/budgetCheck.ts';
import { expectOwnPlans } from './run/folder/expectOwnPlans.ts';
import { createSpaceCheck } from './run/folder/spaceCheck.ts';
import { matchInput } from './run/matching/matchInput.ts';
import { inOpenRun } from './run/openRun.ts';
import type { PlanSource } from './run/recoveryRounds.ts';
import type { OpenRun, RunSettings } from './run/settings.ts';
import { paidBefore, runToEnd } from './runToEnd.ts';

export interface RunToFolderConfig extends RunSettings {
  /** The number of plans, if you know it; another number is an error. Default: they are counted. */
  total?: number;
}

/**
 * Runs all plans in a folder: opens it, makes the missing images, writes manifest, report and
 * gallery, and emits the end of the run. Jobs without a turn, because of a stop or a fault, are
 * recorded as skipped, so each job of the input has an outcome, unless `make` brings it from
 * elsewhere.
 *
 *     runToFolder(() => planJobs(jobs), { folder, provider })   -----(end|)
 *
 * The plans are counted first. Further ones, which an input may get during the run, are left to the
 * next run. In a folder of earlier runs, jobs are matched by their keys: the result of a request
 * that the plans still have is used, under the name that its plan gives it now.
 *
 * Throws a RangeError if a setting is invalid.
 *
 * Emits `UsageError` or `StorageError` if the folder cannot be used or `total` is wrong; nothing
 * has been created then. An error that ends the run later (no credit, a full disk) is emitted after
 * its end, which counts the saved jobs; the error has the same `totals`.
 */
export function runToFolder(source: PlanSource, config: RunToFolderConfig): Observable<FinishedRun> {
  checkSettings(config, 'folder', 'provider');
  const { total: expected, ...settings } = config;
  if (expected !== undefined) expectCount(expected, 'total', 0);
  return defer(() => countPlans(source, expected)).pipe(
    concatMap((total) => runCounted(source, total, settings)),
  );
}

/**
 * Runs plans that an earlier run has stored in the folder, and that may come from someone else, as
 * `runToFolder` does. Emits `UsageError` before anything is created if one of them is not of this
 * folder's run, or names a file that it may not.
 */
export function runStoredPlans(
  source: PlanSource,
  total: number,
  settings: RunSettings,
): Observable<FinishedRun> {
  const plans = () => withSecrets(source(), settings.secretInputs);
  const expectOwn = async (run: OpenRun) => {
    await expectOwnPlans(plans, run, settings);
    await warnOfOthers(plans, run);
  };
  return runCounted(plans, total, { ...settings, isPartial: true }, expectOwn);
}

async function* withSecrets(
  plans: ReturnType<PlanSource>,
  given: ModelInput | undefined,
): AsyncGenerator<Plan> {
  for await (const plan of plans) yield given === undefined ? plan : { ...plan, secrets: () => given };
}

/**
 * Runs plans as `runToFolder` does, if their number is known. `expect` may refuse the folder, once
 * it is open.
 */
export function runCounted(
  source: PlanSource,
  total: number,
  given: RunSettings,
  expect: (run: OpenRun) => Promise<void> = async () => {},
): Observable<FinishedRun> {
  const settings = { ...given, provider: checkedProvider(given.provider) };
  const { fingerprint = null, haveFiles = true, isPartial = false } = settings;
  const { startedAtMs, countsAll = false } = settings;
  const { make = (some: PlanSource, { config }: OpenRun) => generate(some, config) } = settings;
  const isMadeHere = settings.make === undefined;
  return inOpenRun(
    settings,
    (opened) => {
      const { run, rateEarlier } = rateImages(opened, settings);
      const plans = isPartial ? source : countedPlans(source, total, run.config.emit ?? (() => {}));
      // Files may change while the input that names them stays the same.
      const input = { fingerprint: haveFiles ? null : fingerprint, total, isSame: countsAll };
      const matched = isPartial ? EMPTY : defer(() => matchInput(plans, input, run)).pipe(ignoreElements());
      const isTrusted = isPartial || countsAll;
      const reviewed = isTrusted ? of(createIndexSet()) : defer(() => reopenMissing(plans, run, settings));
      const counted = countsAll ? of(0) : defer(() => countSaved(plans, total, run, isPartial));
      const entered = enteredBefore(run, settings).pipe(reportEnds(run));
      const unchosen = defer(() => (settings.only ? countLeftOut(plans, total, run, isPartial) : of(0)));
      const warn = (message: string) => run.config.emit?.({ type: 'warning', message });
      const space = createSpaceCheck(run, settings);
      // If the plans cannot be read, the run itself reports it.
      const checked = defer(() => warnOfMissingGlyphs(space.watch(plans), warn)).pipe(
        ignoreElements(),
        catchError(() => EMPTY),
      );
      const expected = defer(() => expect(run)).pipe(ignoreElements());
      return concat(expected, matched, checked, reviewed).pipe(
        concatMap((toRender) => forkJoin({ toRender: of(toRender), saved: counted, leftOut: unchosen })),
        delayWhen(({ saved }) => space.expect(total - saved, warn)),
        delayWhen(() => (isMadeHere ? warnOfShortBudget(plans, run) : of(null))),
        concatMap(({ toRender, saved, leftOut }) => {
          const added = concat(entered, rateEarlier, renderEarlier(toRender, plans, run));
          const rest = isMadeHere ? plans : () => unchosenOf(plans, settings);
          const outcomes = isMadeHere ? make(plans, run) : make(plans, run).pipe(reportEnds(run));
          const work = { added, toAdd: toRender, outcomes, plans: rest, total, startedAtMs };
          const counts = { alreadySaved: saved - toRender.size, leftOut, isWhole: isMadeHere && !isPartial };
          return runToEnd({ ...work, ...counts }, paidBefore(toRender, run));
        }),
        concatMap((end) => closingLook(end, run)),
        concatMap((end) => defer(() => addBudgetNeeded(end, plans, run)).pipe(catchError(() => of(end)))),
        concatMap((end) => writeResults(end, run)),
      );
    },
    endUnclosed,
  ).pipe(endOrFault());
}

/**
 * Yields the jobs that are not chosen. Of a run that is made elsewhere, no other job is recorded as
 * skipped: its outcome may be there, and come with the next run.
 */
async function* unchosenOf(plans: PlanSource, { only }: Pick<RunSettings, 'only'>): AsyncGenerator<Plan> {
  if (only === undefined) return;
  for await (const plan of plans()) if (!only(plan.index)) yield plan;
}
