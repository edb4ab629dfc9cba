import {
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  from,
  ignoreElements,
  lastValueFrom,
  merge,
  mergeMap,
  type Observable,
  of,
  Subject,
  timer,
} from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { RenderError } from '../../errors.ts';
import type { EmitEvent } from '../../events/runEvent.ts';
import { generate } from '../../pipelines/generate.ts';
import type { GenerateConfig } from '../../pipelines/journey/config.ts';
import { openJob } from '../../pipelines/journey/job.ts';
import { failedOutcome } from '../../pipelines/journey/outcomes.ts';
import { overrideAnswers } from '../../pipelines/run/runConfig.ts';
import { filesOf } from '../../sinks/manifest/outcomeFiles.ts';
import type { Outcome, Plan } from '../../types.ts';
import type { PartFolder } from './partFolder.ts';
import type { PartInHand } from './partsInHand.ts';
import type { RunOfWorker } from './runOfWorker.ts';

/** A lost create request is looked for from this age on: then nothing can be on its way. */
const SETTLED_MS = 8_000;
/** Deaths, one after the other and without progress, after which a part is run job by job. */
const MOST_DEATHS = 3;

/** The work on a part. */
export interface PartWork extends PartInHand {
  readonly run: Pick<RunOfWorker, 'service'>;
  readonly place: PartFolder;
  /** True if only the jobs in flight are made; the others are left to a worker with free hands. */
  readonly leavesRest: boolean;
  /** Notes the job that is run alone. */
  readonly mark: (index: number) => Promise<void>;
  /** Begins no further job once it emits. */
  readonly stop: Observable<unknown>;
}

/**
 * Makes the jobs of a part that have no outcome yet, those in flight first; emits each outcome. A
 * part whose workers have died again and again is run job by job, and a job that three of them ran
 * so when they died has failed.
 *
 * Emits the errors of `generate`, and `ERR_FENCED` once another worker has the part.
 */
export function runPart(work: PartWork): Observable<Outcome> {
  const { taken, journal } = work;
  const left = taken.plans.filter(({ index }) => journal.outcomeOf(index) === null);
  const suspects = left.filter(({ index }) => index === taken.suspect);
  const wanted = wantedOf(left, work);
  if (wanted.length === 0) return from(suspects).pipe(concatMap((plan) => failDead(plan, work)));
  const isAlone = taken.deaths >= MOST_DEATHS;
  const released = new Subject<number>();
  const releases = released.pipe(
    mergeMap((index) => journal.release(index)),
    ignoreElements(),
  );
  const config = configOf(work, isAlone, (index) => released.next(index));
  const made = defer(() => {
    // The bucket may have refused to give the originals of some.
    const ready = wanted.filter(({ index }) => work.place.refusal(index) === null);
    return ready.length === 0 ? EMPTY : generate(() => plansOf(ready, isAlone, work), config);
  }).pipe(finalize(() => released.complete()));
  const fetched = from(wanted).pipe(
    mergeMap(({ index }) => {
      const record = journal.find(index);
      return record === undefined ? EMPTY : work.place.fetch(record);
    }),
  );
  const dead = from(suspects).pipe(concatMap((plan) => failDead(plan, work)));
  return concat(dead, fetched, merge(releases, made));
}

/**
 * Lists the jobs to make: those in flight, by their ids before lost ones and the oldest first, and
 * then the others: their predictions show in the list whether the lost ones exist.
 */
function wantedOf(left: readonly Plan[], { taken, journal, leavesRest }: PartWork): readonly Plan[] {
  const open = journal.openIndexes();
  const isOpen = ({ index }: Plan) => open.has(index) || journal.hasSlot(index);
  const rank = ({ index }: Plan): number => {
    const { predictionId = null, intendedAtMs = null } = journal.find(index) ?? {};
    return predictionId === null ? (intendedAtMs ?? 0) : 0;
  };
  const wanted = left.filter(({ index }) => index !== taken.suspect);
  const inFlight = wanted.filter(isOpen).toSorted((one, other) => rank(one) - rank(other));
  return leavesRest ? inFlight : [...inFlight, ...wanted.filter((plan) => !isOpen(plan))];
}

/** Yields plans: lost ones once nothing of them can be on its way, and marked if they run alone. */
async function* plansOf(
  wanted: readonly Plan[],
  isAlone: boolean,
  { journal, mark }: PartWork,
): AsyncGenerator<Plan> {
  for (const plan of wanted) {
    const { predictionId = null, intendedAtMs = null } = journal.find(plan.index) ?? {};
    if (predictionId === null && intendedAtMs !== null) {
      const waitMs = intendedAtMs + SETTLED_MS - wallNow(monotonicScheduler);
      if (waitMs > 0) await lastValueFrom(timer(Math.min(waitMs, SETTLED_MS)));
    }
    if (isAlone) await mark(plan.index);
    yield plan;
  }
}

function configOf(
  { place, calls, journal, stop, taken }: PartWork,
  isAlone: boolean,
  release: (index: number) => void,
): GenerateConfig {
  const { config } = place;
  const { emit: pass = () => {} } = config;
  const emit: EmitEvent = (event) => {
    // A failed one keeps its slot for the next attempt of its job.
    if (event.type === 'prediction.completed' && event.status !== 'failed') release(event.index);
    pass(event);
  };
  return {
    ...config,
    emit,
    // The plans come in their order, and once.
    journal: { ...journal, openIndexes: () => new Set() },
    isDone: ({ index }) => journal.outcomeOf(index) !== null,
    // Asked before a file gets another content: it may be that of the part's next owner, who came
    // while this machine slept.
    filesOf: () => lastValueFrom(calls.expectOwn()).then(() => []),
    stop,
    ...(isAlone
      ? { strategy: 'sequential', concurrency: 1 }
      : { strategy: 'stream', concurrency: taken.plans.length }),
  };
}

/** Ends a job on which workers have died that ran nothing else of its part. */
function failDead(plan: Plan, { journal, place, run }: PartWork): Observable<Outcome> {
  const { config, path: folder } = place;
  const { service } = run;
  const { provider, answers, fallbacksOf = () => [] } = config;
  const job = openJob(plan, journal.find(plan.index), { turnsLeft: 0 });
  const described = failedOutcome(job, workerDied(plan), {
    answers: overrideAnswers(provider.answers, answers),
    service,
    fallbacksOf,
  });
  const outcome = { ...described, files: filesOf(job, [], folder) };
  return concat(journal.record(plan, { type: 'outcome', outcome }).pipe(ignoreElements()), of(outcome));
}

function workerDied({ index }: Plan): RenderError {
  return new RenderError(
    'ERR_WORKER_DIED',
    `Workers have died again and again with image #${index + 1}, three of them with no other of its part.`,
    {
      suggestion:
        'Look at the memory of the machine and at this image: its original is kept, if it was made.',
    },
  );
}
