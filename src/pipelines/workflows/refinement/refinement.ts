import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  filter,
  from,
  ignoreElements,
  lastValueFrom,
  type Observable,
  of,
} from 'rxjs';
import { isSimulated } from '../../../base/service.ts';
import { refine } from '../../../operators/refine.ts';
import type { Scorer } from '../../../ports.ts';
import {
  type RefinementHistory,
  readRefinementHistory,
  writeRefinementHistory,
} from '../../../sinks/refinement/history.ts';
import { writeLineage } from '../../../sinks/refinement/lineage.ts';
import type { PlanJobsConfig } from '../../../sources/planning/planJobs.ts';
import type { Outcome, Plan, ScoringModel } from '../../../types.ts';
import { generate } from '../../generate.ts';
import { outcomeError } from '../../journey/outcomes.ts';
import { withSharedSlots } from '../../rating/ratedRun.ts';
import { openScoring, type Scoring, scoreOutcomes } from '../../rating/scoreOutcomes.ts';
import { checkSettings } from '../../run/checkSettings.ts';
import { closingLook } from '../../run/closing/closingLook.ts';
import { endOrFault, endUnclosed } from '../../run/closing/faults.ts';
import { type FinishedRun, type RunEnd, writeResults } from '../../run/closing/results.ts';
import { countOf, countSaved, expectSameFiles } from '../../run/earlier/earlierRuns.ts';
import { expectAllInside } from '../../run/folder/expectInside.ts';
import { matchInput } from '../../run/matching/matchInput.ts';
import { inOpenRun } from '../../run/openRun.ts';
import type { PlanSource } from '../../run/recoveryRounds.ts';
import type { OpenRun, RunSettings } from '../../run/settings.ts';
import { runToEnd } from '../../runToEnd.ts';
import { copiesOfBest, withCopies } from './bestImages.ts';
import type { RefinementContexts } from './jobs.ts';
import { keepPicked } from './picks.ts';
import { createRefinementRounds, type RefinementRounds, validRounds } from './rounds.ts';
import { type RefinementSpec, refinementTotal } from './spec.ts';

export interface RefinementSettings
  extends Omit<RunSettings, 'detach' | 'deleteLocal' | 'scorer'>,
    PlanJobsConfig {
  /** Rates the images; higher is better. A model uses the budget and the slots of the run. */
  scorer: Scorer | ScoringModel;
  /**
   * Indexes of the images that the next round refines, in place of the best by score. Default: the
   * best by score.
   */
  picks?: readonly number[];
}

/**
 * Makes candidates from a prompt, then refines the best of them round by round, each from its
 * parent's image. Writes parents and scores to `refinement.json`, and copies of the best images to
 * `best/`. Emits the finished run.
 *
 *     spec: 4 candidates, keep 2, 1 child each, 2 rounds   4 jobs, then 2, then 2
 *     runRefinement                                        -----------(end|)
 *
 * Ends early if an image reaches `stopAtScore` or the budget has no room for another one;
 * `totals.total` then counts the jobs that were started. Another run in the same folder continues
 * in the middle of a round, with the decisions so far.
 *
 * Give the hash of the spec as `fixedInput`: later rounds follow from earlier ones, so another spec
 * needs another folder.
 *
 * Throws `UsageError` if a model cannot take the inputs of the spec. Errors as `runToFolder` does.
 */
export function runRefinement(
  spec: RefinementSpec,
  contexts: RefinementContexts,
  settings: RefinementSettings,
): Observable<FinishedRun> {
  checkSettings(settings, 'folder', 'provider');
  const total = refinementTotal(spec);
  const ratings = typeof settings.scorer !== 'function';
  return inOpenRun(
    { ...settings, ratings },
    (opened) => {
      const run = { ...opened, config: withSharedSlots(opened.config) };
      return from(prepare(spec, contexts, settings, run)).pipe(
        concatMap(({ rounds, first, alreadySaved }) => {
          const outcomes = roundByRound(first, rounds, openScoring(settings.scorer, run), run);
          // A round that is decided has its failures for good.
          const work = { outcomes, plans: rounds.plans, keepsFailures: true };
          return runToEnd({ ...work, total, alreadySaved }, run).pipe(
            concatMap((end) => finishRefinement(end, rounds, { ...settings, ...spec }, run)),
            concatMap((end) => closingLook(end, run)),
            concatMap((end) => writeResults(end, run)),
          );
        }),
      );
    },
    endUnclosed,
  ).pipe(endOrFault());
}

/** Restores the decisions of earlier runs, and plans the next round. */
async function prepare(
  spec: RefinementSpec,
  contexts: RefinementContexts,
  settings: RefinementSettings,
  run: OpenRun,
) {
  const { folder, resumeAnyway = false, picks } = settings;
  await expectAllInside(run);
  const history = await readRefinementHistory(folder);
  const parts = { spec, contexts, planning: settings, run };
  let decided = await validRounds(history?.rounds ?? [], { ...parts, mayDiffer: resumeAnyway });
  if (picks !== undefined) {
    const next = createRefinementRounds({ ...parts, decided }).plansOf(decided.length);
    const warn = (message: string) => run.config.emit?.({ type: 'warning', message });
    decided = await keepPicked(decided, { picks, spec, warn, hasBegun: () => hasRecords(next, run) });
  }
  // Another spec gives jobs other indexes: their results are found by their requests.
  const match = async (plans: PlanSource) =>
    matchInput(plans, { fingerprint: null, total: await countOf(plans()) }, run);
  const rounds = createRefinementRounds({
    ...{ ...parts, decided },
    ...(history && { earlier: history }),
    ...(resumeAnyway && { match }),
  });
  const first = await rounds.begin();
  if (!resumeAnyway) await expectSameFiles(rounds.plans, run);
  const alreadySaved = await countSaved(rounds.plans, refinementTotal(spec), run, resumeAnyway);
  // On disk before the round that is made of them.
  if (picks !== undefined) await writeRefinementHistory(folder, { ...history, end: null, rounds: decided });
  return { rounds, first, alreadySaved };
}

/** Returns true if the journal knows one of the jobs. */
async function hasRecords(plans: AsyncIterable<Plan>, { journal }: Pick<OpenRun, 'journal'>) {
  for await (const { index } of plans) if (journal.find(index) !== undefined) return true;
  return false;
}

function roundByRound(
  first: readonly Plan[],
  rounds: RefinementRounds,
  scoring: Scoring,
  run: OpenRun,
): Observable<Outcome> {
  let isCut = false;
  const onOverBudget = () => {
    isCut = true;
  };
  const score = scoreOutcomes(scoring, run, { onOverBudget });
  return refine(first, {
    run: (plans) =>
      concat(
        // An earlier run may have been killed between an image and its score.
        from(rounds.outcomes()).pipe(
          filter(({ metrics }) => metrics.score === undefined),
          score,
          ignoreElements(),
        ),
        generate(() => plans, run.config).pipe(score),
      ),
    // All images on disk count, from this run or an earlier one.
    next: () =>
      from(rounds.decide({ isCut })).pipe(
        concatMap((isDecided) => (isDecided ? rounds.begin() : of([]))),
        concatMap((plans) => from(plans)),
      ),
    // `begin` decides which round is the last, as that one is ranked too.
    rounds: Number.MAX_SAFE_INTEGER,
    ...(run.config.stop === undefined ? {} : { stop: run.config.stop }),
  });
}

type Choices = Pick<RefinementSpec, 'best'> & Pick<RefinementSettings, 'resumeAnyway'>;

/**
 * Writes the decisions of a refinement: `refinement.json`, the ranks of the best in manifest and
 * sidecars, copies of these, and the lineage image. Emits the end, whose total counts the jobs that
 * were started. An error of the disk becomes its `fault`.
 */
function finishRefinement(
  end: RunEnd,
  rounds: RefinementRounds,
  choices: Choices,
  run: OpenRun,
): Observable<RunEnd> {
  return from(writeDecisions(end, rounds, choices, run)).pipe(
    catchError((error: unknown) => of({ ...end, fault: end.fault ?? error })),
  );
}

async function writeDecisions(
  end: RunEnd,
  rounds: RefinementRounds,
  { best, resumeAnyway = false }: Choices,
  run: OpenRun,
): Promise<RunEnd> {
  const { folder } = run.config;
  const history = await rounds.history();
  await writeRefinementHistory(folder, history);
  await writeRanks(history, run);
  const copies = await copiesOfBest(history, best, run);
  if (copies !== null) await writeRefinementHistory(folder, withCopies(history, copies));
  await drawLineage(history, run);
  const total = await countOf(rounds.plans());
  const { saved } = end.totals;
  // Later rounds may have found results of the folder, too.
  const known = resumeAnyway ? (await countSaved(rounds.plans, total, run, true)) - saved : null;
  const alreadySaved = known ?? end.totals.alreadySaved;
  const isUnfinished = history.end === 'stopped';
  if (isUnfinished && total === saved + alreadySaved) {
    const message =
      'Stopped between two rounds. Run the same command again to continue; saved images are not made or paid for again.';
    run.config.emit?.({ type: 'warning', message });
  }
  return { ...end, totals: { ...end.totals, total, alreadySaved }, isUnfinished };
}

/** Ranks the best of all rounds, and removes the rank of jobs that are no longer among them. */
async function writeRanks({ rounds }: RefinementHistory, { manifest, config }: OpenRun): Promise<void> {
  const best = rounds.at(-1)?.candidates.filter(({ kept }) => kept) ?? [];
  const rankOf = new Map(best.map(({ index, rank }) => [index, rank]));
  const changed: Outcome[] = [];
  for await (const outcome of manifest.outcomes()) {
    const { rank: before = null, ...metrics } = outcome.metrics;
    const rank = rankOf.get(outcome.index) ?? null;
    if (rank === before) continue;
    changed.push({ ...outcome, metrics: rank === null ? metrics : { ...metrics, rank } });
  }
  const { persist = () => EMPTY } = config;
  for (const outcome of changed)
    await lastValueFrom(persist(outcome).pipe(ignoreElements()), { defaultValue: null });
}

/** Writes the lineage image; a failure is only a warning, as the run is complete without it. */
async function drawLineage(history: RefinementHistory, { config, thumbnails }: OpenRun): Promise<void> {
  if (thumbnails === null) return;
  try {
    await writeLineage(config.folder, history, { isSimulated: isSimulated(config.service) });
  } catch (error) {
    const { message } = outcomeError(error);
    config.emit?.({ type: 'warning', message: `The lineage image could not be written: ${message}` });
  }
}
