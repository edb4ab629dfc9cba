import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
  tap,
  throwError,
} from 'rxjs';
import type { RunTotals } from '../../../events/totals.ts';
import { pullMap } from '../../../operators/pullMap.ts';
import type { Outcome, Plan } from '../../../types.ts';
import { skippedOutcome } from '../../journey/skippedOutcome.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun } from '../settings.ts';

type Skipping = Pick<OpenRun, 'config' | 'manifest' | 'journal' | 'isChosen'>;

interface SkipConfig {
  /** Returns true for a job that has its outcome in this run, or is saved. */
  readonly isEnded: (plan: Plan) => boolean;
  /** Returns true if that applies to all plans, which are the first `total` jobs, without a gap. */
  readonly isNoneLeft: () => boolean;
  readonly total: number;
  /** True if failures of earlier runs may stay as they are, without a turn. */
  readonly keepsFailures: boolean;
  /** The error that ended the run; null if none did. */
  readonly fault: unknown;
}

/**
 * Emits the jobs that have no outcome in this run when all others are done, as skipped; there are
 * some only after a stop or a fault. Records those that the manifest does not have, or has as
 * skipped for another reason. If the disk refuses one, counts all, and emits the error after them.
 * Plans are not read if none is left.
 */
export function skipRemaining(
  plans: PlanSource,
  { isEnded, isNoneLeft, total, keepsFailures, fault }: SkipConfig,
  run: Skipping,
): Observable<Outcome> {
  const { manifest, journal } = run;
  return defer(() => {
    let refusal: unknown = null;
    const counted = (outcome: Outcome, write: () => Observable<Outcome>) =>
      refusal !== null
        ? of(outcome)
        : defer(write).pipe(
            catchError((error: unknown) => {
              refusal ??= error;
              return of(outcome);
            }),
          );
    const skip = (plan: Plan): Observable<Outcome> => {
      const outcome = outcomeOf(plan, fault, run);
      if (!manifest.has(plan.index)) return counted(outcome, () => manifest.append(outcome));
      if (keepsFailures && journal.find(plan.index)?.state === 'failed') return EMPTY;
      return counted(outcome, () => renewed(outcome, run));
    };
    const failed = defer(() => (refusal === null ? EMPTY : throwError(() => refusal)));
    const isListed = manifest.size() === total && manifest.end() === total;
    return isListed && isNoneLeft()
      ? EMPTY
      : concat(pullMap(plansWithout(plans, isEnded), skip, { concurrency: 64 }), failed);
  });
}

function outcomeOf(plan: Plan, fault: unknown, { config, journal, isChosen }: Skipping): Outcome {
  const { service = null, detached = false } = config;
  return skippedOutcome(plan, journal.find(plan.index), {
    isChosen: isChosen(plan.index),
    service,
    // A detached run has left its predictions before.
    fault: detached ? null : fault,
  });
}

/** Records a job again whose prediction was left to the service since an earlier run skipped it. */
function renewed(outcome: Outcome, { manifest }: Pick<Skipping, 'manifest'>): Observable<Outcome> {
  const { index, attempts, predictionId, error } = outcome;
  // Only a job with an open attempt has some.
  if (attempts === 0 || manifest.saved.has(index)) return of(outcome);
  return from(manifest.find(index)).pipe(
    concatMap((before) => {
      if (before?.status !== 'skipped') return of(outcome);
      const isKnown = before.error?.code === error?.code && before.predictionId === predictionId;
      return isKnown ? of(outcome) : manifest.append(outcome);
    }),
  );
}

async function* plansWithout(plans: PlanSource, isEnded: (plan: Plan) => boolean): AsyncGenerator<Plan> {
  for await (const plan of plans()) if (!isEnded(plan)) yield plan;
}

/** Counts skipped jobs whose prediction was created, or may have been. */
interface LeftCounter {
  readonly note: MonoTypeOperatorFunction<Outcome>;
  /** Adds the counts to the totals of a run; leaves them as they are if there are none. */
  addTo(totals: RunTotals): RunTotals;
}

/** Creates a counter that takes the money from the journal, where it is reserved. */
export function createLeftCounter({ journal }: Pick<OpenRun, 'journal'>): LeftCounter {
  let jobs = 0;
  let reservedMicroUsd = 0;
  return {
    note: tap(({ index, error }) => {
      if (error?.code !== 'ERR_NOT_COLLECTED') return;
      jobs += 1;
      reservedMicroUsd += journal.find(index)?.openMicroUsd ?? 0;
    }),
    addTo: (totals) =>
      jobs === 0 ? totals : { ...totals, left: { jobs, reservedUsd: reservedMicroUsd / 1_000_000 } },
  };
}
