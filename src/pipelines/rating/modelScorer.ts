import {
  catchError,
  concatMap,
  defer,
  ignoreElements,
  map,
  merge,
  type Observable,
  of,
  take,
  tap,
  throwError,
  throwIfEmpty,
} from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { truncateDataUrls } from '../../base/modelInput.ts';
import { hideInPrediction } from '../../base/secretInputs.ts';
import { ProviderError, ScoreError } from '../../errors.ts';
import { expectConfig } from '../../operators/internal/options.ts';
import type { Scorer } from '../../ports.ts';
import type { Outcome, Plan, Prediction, ScoringModel } from '../../types.ts';
import { type Closing, closeJob } from '../journey/closeJob.ts';
import type { GenerateConfig } from '../journey/config.ts';
import { type JobState, openJob } from '../journey/job.ts';
import { type Making, makePrediction } from '../journey/makePrediction.ts';
import { describeJob, failedOutcome } from '../journey/outcomes.ts';
import type { RunServices } from '../journey/run.ts';
import { checkSettings } from '../run/checkSettings.ts';
import { firstNumber, ratingPlan, ratingRun } from './scoringModel.ts';

/** The configuration of `createModelScorer`. */
export interface ModelScorerConfig extends GenerateConfig {
  /**
   * Called with the whole cost of each rating, before its score is emitted; null if it is unknown.
   * Default: no-op.
   */
  onPaid?: (index: number, costUsd: number | null) => void;
}

/**
 * Creates a scorer that has a model of the service rate images. Its predictions are made as all
 * others: the intent is recorded before the create request, attempts that an earlier run left open
 * are resumed, and outputs are stored, so that no rating is paid for twice.
 *
 * `config` is that of the run whose images are rated, but with another journal: a rating has the
 * index of its image's job. If both share `slots`, they keep to the run's concurrency together.
 *
 * The scorer emits `ScoreError` if the output has no number, and the errors of a prediction
 * (`PredictionError`, `ProviderError`, `BudgetError`). After `stop` it begins nothing and emits
 * `ScoreError` with `recoverable`.
 */
export function createModelScorer(rater: ScoringModel, config: ModelScorerConfig): Scorer {
  expectConfig(rater, 'model', 'picture', 'input');
  checkSettings(config, 'folder', 'provider');
  const { onPaid = () => {}, ...shared } = config;
  const run = ratingRun(rater, shared);
  return (image) => {
    const rated = fromAbortable(() => ratingPlan(image, rater)).pipe(
      concatMap((plan) => rating(plan, rater, run, onPaid)),
      tap(({ index, costUsd }) => onPaid(index, costUsd)),
      map(({ metrics }) => Number(metrics.score)),
      throwIfEmpty(stopped),
    );
    // The run notes a stop only while something subscribes to `stop`.
    return merge(run.stop.pipe(ignoreElements()), rated).pipe(take(1));
  };
}

function rating(
  plan: Plan,
  rater: ScoringModel,
  run: Making & Closing & Pick<RunServices, 'service'>,
  onPaid: NonNullable<ModelScorerConfig['onPaid']>,
): Observable<Outcome> {
  return defer(() => {
    const record = run.journal.find(plan.index);
    const job = openJob(plan, record, { turnsLeft: 0 });
    const outcomeOf = (prediction: Prediction): Outcome => {
      job.prediction = prediction;
      const score = scoreIn(prediction, rater, plan);
      return { ...describeJob(job, run), status: 'saved', files: [], metrics: { score } };
    };
    const { earlier } = job;
    // The rating was made, paid for and booked before, even if its output is unreadable.
    const isBooked = earlier?.state === 'saved' || earlier?.state === 'failed';
    if (isBooked && earlier.prediction !== null) return of(outcomeOf(earlier.prediction));
    return of(plan).pipe(
      makePrediction(job, run),
      concatMap((prediction) => storeOutput(prediction, job, run)),
      map(outcomeOf),
      concatMap((outcome) => closeJob(outcome, job, run)),
      catchError((error: unknown) => {
        const failed = throwError(() => error);
        if (error instanceof ProviderError && error.stopsRun) return failed;
        return closeJob(failedOutcome(job, error, run), job, run).pipe(
          tap(({ index, costUsd }) => onPaid(index, costUsd)),
          concatMap(() => failed),
        );
      }),
    );
  });
}

/**
 * Records a prediction with its output, which is all that a rating has, before its score is read.
 */
function storeOutput(
  prediction: Prediction,
  { plan }: JobState,
  run: Pick<RunServices, 'journal'>,
): Observable<Prediction> {
  const { input, output } = hideInPrediction(prediction, plan.input, plan.secrets);
  const stored = { ...prediction, input: truncateDataUrls(input), output: truncateDataUrls(output) };
  return run.journal
    .record(plan, { type: 'downloaded', prediction: stored, files: [] })
    .pipe(map(() => prediction));
}

function scoreIn(
  { id, output }: Prediction,
  { model, parse = firstNumber }: ScoringModel,
  plan: Plan,
): number {
  const unreadable = (cause?: unknown) => {
    const shown = JSON.stringify(output).slice(0, 200);
    return new ScoreError(
      `Expected a number in the output of ${model} for image #${plan.index + 1}, got ${shown} (prediction ${id})`,
      { suggestion: 'Prompt the model for a number and nothing else, or pass your own `parse`.', cause },
    );
  };
  try {
    const score = parse(output);
    if (score !== null && Number.isFinite(score)) return score;
  } catch (error) {
    throw unreadable(error);
  }
  throw unreadable();
}

function stopped(): ScoreError {
  return new ScoreError('The run was stopped before the image was rated.', {
    recoverable: true,
    suggestion: 'Run the same command again to continue.',
  });
}
