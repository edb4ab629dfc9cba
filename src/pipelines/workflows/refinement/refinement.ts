import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  filter,
  from,
  ignoreElements,
  lastValueFrom,
  NEVER,
  type Observable,
  of,
  shareReplay,
} from 'rxjs';
import { createGate } from '../../../operators/gate.ts';
import { refine } from '../../../operators/refine.ts';
import type { Scorer } from '../../../ports.ts';
import {
  type RefinementHistory,
  readRefinementHistory,
  writeRefinementHistory,
} from '../../../sinks/refinement/history.ts';
import { writeLineage } from '../../../sinks/refinement/lineage.ts';
import type { PlanJobsConfig } from '../../../sources/planning/planJobs.ts';
import type { Outcome, Plan } from '../../../types.ts';
import { generate } from '../../generate.ts';
import { outcomeError } from '../../journey/outcomes.ts';
import type { GenerateConfig } from '../../journey/run.ts';
import { openScoring, type Scoring, scoreOutcomes } from '../../rating/scoreOutcomes.ts';
import type { ScoringModel } from '../../rating/scoringModel.ts';
import { concurrencyOf } from '../../run/concurrency.ts';
import { countSaved, expectSameFiles } from '../../run/earlierRuns.ts';
import { inOpenRun } from '../../run/openRun.ts';
import { type FinishedRun, type RunEnd, writeResults } from '../../run/results.ts';
import type { OpenRun, RunSettings } from '../../run/settings.ts';
import { runToEnd } from '../../runToFolder.ts';
import type { RefinementContexts } from './jobs.ts';
import { createRefinementRounds, type RefinementRounds, validRounds } from './rounds.ts';
import { type RefinementSpec, refinementTotal } from './spec.ts';

export interface RefinementSettings extends Omit<RunSettings, 'detach' | 'deleteLocal'>, PlanJobsConfig {
  /** Rates the pictures; higher is better. A model is paid from the run's budget and has its places. */
  scorer: Scorer | ScoringModel;
}

/**
 * A refinement in its folder: candidates from a prompt, of which the best are refined round by round, each from its parent's
 * picture; `refinement.json` has who came from whom, with which score. Emits once how it ended.
 *
 *     spec: 4 candidates, keep 2, 1 child each, 2 rounds   4 jobs, then 2, then 2
 *     refinement                                           -----------(end|)
 *
 * Ends early where a picture has the score that was asked for or the budget has no room for another one; `totals.total` is then
 * what was begun. A run in the same folder goes on in the middle of a round with the decisions that were taken.
 *
 * Throws `UsageError` where a model cannot take what it is given; emits what `runToFolder` emits.
 */
export function refinement(
  spec: RefinementSpec,
  contexts: RefinementContexts,
  settings: RefinementSettings,
): Observable<FinishedRun> {
  const total = refinementTotal(spec);
  const ratings = typeof settings.scorer !== 'function';
  return inOpenRun({ ...settings, ratings }, (opened) => {
    const run = { ...opened, config: withSharedPlaces(opened.config) };
    return from(prepare(spec, contexts, settings, run)).pipe(
      concatMap(({ rounds, first, alreadySaved }) => {
        const outcomes = roundByRound(first, rounds, openScoring(settings.scorer, run), run);
        return runToEnd({ outcomes, plans: rounds.plans, total, alreadySaved }, run).pipe(
          concatMap((end) => finishRefinement(end, rounds, run)),
          concatMap((end) => writeResults(end, run)),
        );
      }),
    );
  });
}

/** Ratings and pictures have the same places, and whoever comes late is told of the stop as well. */
function withSharedPlaces(config: GenerateConfig): GenerateConfig {
  const { strategy = 'stream', concurrency, stop = NEVER } = config;
  const slots = createGate(concurrencyOf(strategy, concurrency));
  return { ...config, slots, stop: stop.pipe(shareReplay({ bufferSize: 1, refCount: true })) };
}

/** Takes up what earlier runs have decided, and plans the round that is next. */
async function prepare(
  spec: RefinementSpec,
  contexts: RefinementContexts,
  settings: RefinementSettings,
  run: OpenRun,
) {
  const { folder, resumeAnyway = false } = settings;
  const history = await readRefinementHistory(folder);
  const parts = { spec, contexts, planning: settings, run };
  const decided = await validRounds(history?.rounds ?? [], { ...parts, mayDiffer: resumeAnyway });
  const rounds = createRefinementRounds({ ...parts, decided });
  const first = await rounds.begin();
  if (!resumeAnyway) await expectSameFiles(rounds.plans, run);
  const alreadySaved = await countSaved(rounds.plans, refinementTotal(spec), run, resumeAnyway);
  return { rounds, first, alreadySaved };
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
  return refine<Plan, Outcome>(first, {
    run: (plans) =>
      concat(
        // A run may have been killed between a picture and its score.
        from(rounds.outcomes()).pipe(
          filter(({ metrics }) => metrics.score === undefined),
          score,
          ignoreElements(),
        ),
        generate(() => plans, run.config).pipe(score),
      ),
    // What is on disk counts, whether this run or an earlier one has brought it there.
    next: () =>
      from(rounds.decide({ isCut })).pipe(
        concatMap((isDecided) => (isDecided ? rounds.begin() : of([]))),
        concatMap((plans) => from(plans)),
      ),
    // It is for `begin` to say which round is the last: that one is decided too.
    rounds: Number.MAX_SAFE_INTEGER,
    ...(run.config.stop === undefined ? {} : { stop: run.config.stop }),
  });
}

/**
 * Leaves what a refinement has decided: `refinement.json`, the ranks of the best in manifest and sidecars, the picture of the
 * lineage. Emits the end with the jobs that were begun as its total; what the disk refuses becomes its fault.
 */
function finishRefinement(end: RunEnd, rounds: RefinementRounds, run: OpenRun): Observable<RunEnd> {
  return from(leave(end, rounds, run)).pipe(
    catchError((error: unknown) => of({ ...end, fault: end.fault ?? error })),
  );
}

async function leave(end: RunEnd, rounds: RefinementRounds, run: OpenRun): Promise<RunEnd> {
  const { folder } = run.config;
  const history = await rounds.history();
  await writeRefinementHistory(folder, history);
  await writeRanks(history, run);
  await drawLineage(history, run);
  let total = 0;
  for await (const _plan of rounds.plans()) total += 1;
  const isUnfinished = history.end === 'stopped';
  if (isUnfinished && total === end.totals.saved + end.totals.alreadySaved) {
    const message =
      'Stopped between two rounds. The same command again goes on; nothing is made or paid again.';
    run.config.emit?.({ type: 'warning', message });
  }
  return { ...end, totals: { ...end.totals, total }, isUnfinished };
}

/** Only the best of all have a rank; those that an earlier run had ranked may be none of them any more. */
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
  const { keep = () => EMPTY } = config;
  for (const outcome of changed)
    await lastValueFrom(keep(outcome).pipe(ignoreElements()), { defaultValue: null });
}

/** The run is whole without it. */
async function drawLineage(history: RefinementHistory, { config, thumbnails }: OpenRun): Promise<void> {
  if (thumbnails === null) return;
  try {
    await writeLineage(config.folder, history);
  } catch (error) {
    const { message } = outcomeError(error);
    config.emit?.({ type: 'warning', message: `The picture of the lineage could not be made: ${message}` });
  }
}
