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
import { ProviderError, ScoreError } from '../../errors.ts';
import type { Scorer } from '../../ports.ts';
import type { Outcome, Plan, Prediction } from '../../types.ts';
import { closeAccount } from '../journey/closeJob.ts';
import { createJobAccount, type JobAccount } from '../journey/job.ts';
import { makePrediction } from '../journey/makePrediction.ts';
import { describeJob, failedOutcome } from '../journey/outcomes.ts';
import type { GenerateConfig, Run } from '../journey/run.ts';
import { firstNumber, ratingPlan, ratingRun, type ScoringModel } from './scoringModel.ts';

export interface ModelScorerConfig extends GenerateConfig {
  /** Told of each rating what all of it has cost, before its score is emitted; null where nobody knows. Default: nobody. */
  onPaid?: (index: number, costUsd: number | null) => void;
}

/**
 * A scorer that asks a model of the service. Its predictions go the way of all others: the intent is written down before the
 * create, what an earlier run left open is taken up, the answer is kept, so that no rating is paid twice.
 *
 * `config` is that of the run whose pictures are rated, with a journal of its own: ratings have the indexes of their pictures'
 * jobs. With the same `slots` both together keep to the run's concurrency.
 *
 * The scorer emits `ScoreError` where the answer has no number, and what `makePrediction` emits; after `stop` it begins nothing
 * and emits `ScoreError` with `recoverable`.
 */
export function createModelScorer(rater: ScoringModel, config: ModelScorerConfig): Scorer {
  const { onPaid = () => {}, ...shared } = config;
  const run = ratingRun(rater, shared);
  return (image) => {
    const rated = fromAbortable(() => ratingPlan(image, rater)).pipe(
      concatMap((plan) => rating(plan, rater, run, onPaid)),
      tap(({ index, costUsd }) => onPaid(index, costUsd)),
      map(({ metrics }) => Number(metrics.score)),
      throwIfEmpty(stopped),
    );
    // Whoever listens to `stop` makes the run know of it.
    return merge(run.stop.pipe(ignoreElements()), rated).pipe(take(1));
  };
}

function rating(
  plan: Plan,
  rater: ScoringModel,
  run: Run,
  onPaid: NonNullable<ModelScorerConfig['onPaid']>,
): Observable<Outcome> {
  return defer(() => {
    const record = run.journal.find(plan.index);
    const account = createJobAccount(plan, record, { turnsLeft: 0 });
    const outcomeOf = (prediction: Prediction): Outcome => {
      account.prediction = prediction;
      const score = scoreIn(prediction, rater, plan);
      return { ...describeJob(account, run), status: 'saved', files: [], metrics: { score } };
    };
    const { left } = account;
    // Answered, paid and booked before, whatever the answer is worth.
    const isBooked = left?.state === 'saved' || left?.state === 'failed';
    if (isBooked && left.prediction !== null) return of(outcomeOf(left.prediction));
    return of(plan).pipe(
      makePrediction(account, run),
      concatMap((prediction) => answerKept(prediction, account, run)),
      map(outcomeOf),
      concatMap((outcome) => closeAccount(outcome, account, run)),
      catchError((error: unknown) => {
        const failed = throwError(() => error);
        if (error instanceof ProviderError && error.stopsRun) return failed;
        return closeAccount(failedOutcome(account, error, run), account, run).pipe(
          tap(({ index, costUsd }) => onPaid(index, costUsd)),
          concatMap(() => failed),
        );
      }),
    );
  });
}

/** The answer is all that a rating leaves, so it is what must not be lost. */
function answerKept(prediction: Prediction, { plan }: JobAccount, run: Run): Observable<Prediction> {
  const { input, output } = prediction;
  const kept = { ...prediction, input: truncateDataUrls(input), output: truncateDataUrls(output) };
  return run.journal
    .record(plan, { type: 'downloaded', prediction: kept, files: [] })
    .pipe(map(() => prediction));
}

function scoreIn(
  { id, output }: Prediction,
  { model, parse = firstNumber }: ScoringModel,
  plan: Plan,
): number {
  const unreadable = (cause?: unknown) => {
    const said = JSON.stringify(output).slice(0, 200);
    return new ScoreError(
      `Expected a number in what ${model} says of image #${plan.index + 1}, got ${said} (prediction ${id})`,
      { suggestion: 'Ask it for a number and nothing else, or give a `parse` of your own.', cause },
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
  return new ScoreError('The run was stopped before the picture was rated.', {
    recoverable: true,
    suggestion: 'Run the same command again to go on.',
  });
}
