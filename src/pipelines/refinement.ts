import {
  concat,
  concatMap,
  filter,
  from,
  ignoreElements,
  NEVER,
  type Observable,
  of,
  shareReplay,
} from 'rxjs';
import { createGate } from '../operators/createGate.ts';
import { refine } from '../operators/refine.ts';
import type { Scorer } from '../ports.ts';
import { readRefinementHistory } from '../sinks/refinement/readRefinementHistory.ts';
import type { PlanJobsConfig } from '../sources/planJobs.ts';
import type { RefinementSpec } from '../sources/RefinementSpec.ts';
import type { RefinementContexts } from '../sources/refinementJobs.ts';
import { refinementTotal } from '../sources/refinementTotal.ts';
import type { Outcome, Plan } from '../types.ts';
import { concurrencyOf } from './concurrencyOf.ts';
import { countSaved } from './countSaved.ts';
import { createRefinementRounds, type RefinementRounds } from './createRefinementRounds.ts';
import { expectSameFiles } from './expectSameFiles.ts';
import type { GenerateConfig } from './GenerateConfig.ts';
import { generate } from './generate.ts';
import { inOpenRun } from './inOpenRun.ts';
import { leaveRefinement } from './leaveRefinement.ts';
import { leaveResults } from './leaveResults.ts';
import type { OpenRun, RunSettings } from './openRun.ts';
import { runToEnd } from './runToEnd.ts';
import type { FinishedRun } from './runToFolder.ts';
import { openScoring } from './scoring/openScoring.ts';
import type { Scoring } from './scoring/Scoring.ts';
import type { ScoringModel } from './scoring/ScoringModel.ts';
import { scoreOutcomes } from './scoring/scoreOutcomes.ts';
import { soundRounds } from './soundRounds.ts';

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
          concatMap((end) => leaveRefinement(end, rounds, run)),
          concatMap((end) => leaveResults(end, run)),
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
  const decided = await soundRounds(history?.rounds ?? [], { ...parts, mayDiffer: resumeAnyway });
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
