import { concat, concatMap, defer, EMPTY, from, ignoreElements, type Observable, of } from 'rxjs';
import { toMicroUsd } from '../../../base/text.ts';
import type { CostChange } from '../../../events/costSum.ts';
import { addUsd, correctTotals } from '../../../events/totals.ts';
import type { Outcome, Plan, Prediction } from '../../../types.ts';
import { stemOf } from '../matching/jobFiles.ts';
import { overrideAnswers } from '../runConfig.ts';
import type { OpenRun } from '../settings.ts';
import type { RunEnd } from './results.ts';

/** The parts of an open run that correcting an outcome reads and writes. */
type Correcting = Pick<OpenRun, 'config' | 'manifest' | 'journal'>;

/** An outcome that was corrected. */
export interface Correction extends CostChange {
  readonly outcome: Outcome;
}

/** Corrects the outcomes of a prediction, in journal, manifest and sidecar, and reports them. */
export function correctJobs(
  indexes: readonly number[],
  prediction: Prediction,
  run: Correcting,
): Observable<Correction> {
  const { persist = () => EMPTY, emit = () => {} } = run.config;
  return from(indexes).pipe(
    concatMap((index) => run.manifest.find(index)),
    concatMap((outcome) => {
      if (outcome?.predictionId !== prediction.id) return EMPTY;
      const correction = correct(outcome, prediction, run);
      return concat(
        // The money first: it must not be lost if the process is killed between the two.
        correction.costChangeUsd === 0 ? EMPTY : book(correction.outcome, run).pipe(ignoreElements()),
        persist(correction.outcome).pipe(ignoreElements()),
        defer(() => {
          emit(measured(correction));
          return of(correction);
        }),
      );
    }),
  );
}

function correct(outcome: Outcome, prediction: Prediction, { config }: Pick<OpenRun, 'config'>): Correction {
  const { estimatedUsd = 0, ...known } = outcome;
  const { own_wall_time: _own, ...metrics } = outcome.metrics;
  const isTimed = typeof prediction.metrics.predict_time === 'number';
  const timed = {
    ...known,
    metrics: { ...(isTimed ? metrics : outcome.metrics), ...prediction.metrics },
    createdAt: prediction.createdAt ?? outcome.createdAt,
    completedAt: prediction.completedAt ?? outcome.completedAt,
  };
  const { costOf } = overrideAnswers(config.provider.answers, config.answers);
  const exactMicroUsd = outcome.cached ? null : costOf(prediction);
  // Without an estimate the booked cost is that of the files of an early response.
  const bookedMicroUsd =
    estimatedUsd === 0 ? costOf({ ...prediction, metrics: outcome.metrics }) : toMicroUsd(estimatedUsd);
  if (exactMicroUsd === null || bookedMicroUsd === null || outcome.costUsd === null) {
    const unchanged = estimatedUsd === 0 ? timed : { ...timed, estimatedUsd };
    return { outcome: unchanged, costChangeUsd: 0, estimateUsd: 0 };
  }
  const costChangeUsd = (exactMicroUsd - bookedMicroUsd) / 1_000_000;
  const costUsd = addUsd(outcome.costUsd, costChangeUsd);
  return { outcome: { ...timed, costUsd }, costChangeUsd, estimateUsd: estimatedUsd };
}

/** Books the exact cost of a job in the journal; ratings have a journal of their own. */
function book(outcome: Outcome, { journal }: Pick<OpenRun, 'journal'>): Observable<void> {
  const { scoreCostUsd: ratingUsd = 0 } = outcome.metrics;
  const ownUsd = addUsd(outcome.costUsd ?? 0, -Number(ratingUsd));
  return journal.record(planOf(outcome), { type: 'outcome', outcome: { ...outcome, costUsd: ownUsd } });
}

/** Returns the plan of a job that has its outcome, for its journal entry. */
function planOf(outcome: Outcome): Plan {
  const { index, key, prompt, model, version, input, tags } = outcome;
  const path = stemOf(outcome) ?? '';
  return { index, key, prompt, model, version, input, tags, path, renditions: [], priceMicroUsd: null };
}

function measured({ outcome, costChangeUsd, estimateUsd }: Correction) {
  const { index, model, cached, metrics, completedAt, costUsd } = outcome;
  const type = 'job.measured' as const;
  return { type, index, model, cached, metrics, completedAt, costUsd, costChangeUsd, estimateUsd };
}

export function withCorrection(end: RunEnd, correction: Correction): RunEnd {
  return { ...end, totals: correctTotals(end.totals, correction) };
}
