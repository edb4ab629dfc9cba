import { concat, defer, EMPTY, type Observable, tap, throwError } from 'rxjs';
import { inWaves } from '../../operators/inWaves.ts';
import { pullMap } from '../../operators/pullMap.ts';
import { requeue } from '../../operators/requeue.ts';
import type { Outcome, Plan, Strategy } from '../../types.ts';
import type { Journey } from '../journey/job.ts';
import type { Run } from '../journey/run.ts';

/** What a feed has to know of a run. */
export type FedRun = Pick<
  Run,
  'slots' | 'journeys' | 'waveSize' | 'wavePauseMs' | 'maxAttempts' | 'postponed' | 'isStopped'
> &
  Pick<Run, 'stop' | 'scheduler' | 'emit'>;

type Plans = Iterable<Plan> | AsyncIterable<Plan>;

/** Sends plans on their journey, in the order and at the pace of a strategy. */
type Feed = (plans: Plans, journey: Journey, run: FedRun) => Observable<Outcome>;

/** How a strategy feeds a run, and what follows from that elsewhere. The way of a job is the same in all of them. */
export interface StrategyTraits {
  readonly feed: Feed;
  /** Predictions in flight if you name no number. */
  readonly defaultConcurrency: number;
  /** Predictions in flight, whatever number you name. */
  readonly maxConcurrency: number;
  /** Whether a job's next attempt keeps its slot; false: it is another turn, at the end of the line. */
  readonly retriesInPlace: boolean;
  /** Whether each job is reported with its position, as `job.progress`. */
  readonly reportsEachJob: boolean;
  /** Whether `concurrency: 'auto'` may change the number of slots while the run goes on. */
  readonly canLearn: boolean;
}

/** Predictions in flight by default, unless a strategy has its own number. */
const DEFAULT_CONCURRENCY = 10;
const usual = {
  defaultConcurrency: DEFAULT_CONCURRENCY,
  maxConcurrency: Number.POSITIVE_INFINITY,
  retriesInPlace: true,
  reportsEachJob: false,
  canLearn: false,
};

/** All strategies, by name; a new one needs an entry here and its name in `Strategy`. */
export const strategies: Readonly<Record<Strategy, StrategyTraits>> = {
  sequential: {
    ...usual,
    feed: sequentialFeed,
    defaultConcurrency: 1,
    maxConcurrency: 1,
    reportsEachJob: true,
  },
  // The cap on "everything at once".
  parallel: { ...usual, feed: parallelFeed, defaultConcurrency: 100 },
  waves: { ...usual, feed: wavesFeed },
  queue: { ...usual, feed: queueFeed, retriesInPlace: false },
  stream: { ...usual, feed: streamFeed, canLearn: true },
};

/** All jobs at once, as far as the run's places go; where they do not, it is said. */
function parallelFeed(plans: Plans, journey: Journey, { slots, stop, emit }: FedRun): Observable<Outcome> {
  return pullMap(
    plans,
    (plan, count) => {
      // The first one that had to wait for a place.
      if (count === slots.places) emit({ type: 'warning', message: capped(slots.places) });
      return journey(plan, { turnsLeft: 0 });
    },
    { concurrency: slots.places, stop },
  );
}

function capped(places: number): string {
  return `More jobs than may be under way at once: the rest begins as places become free. The cap is ${places}; --concurrency N moves it.`;
}

/** Wave after wave, with a pause between; a large wave has no more journeys under way than any run. */
function wavesFeed(plans: Plans, journey: Journey, run: FedRun): Observable<Outcome> {
  return inWaves(plans, (plan) => journey(plan, { turnsLeft: 0 }), {
    waveSize: run.waveSize,
    pauseMs: run.wavePauseMs,
    concurrency: Math.min(run.waveSize, run.journeys),
    onWave: ({ wave, items, state }) => run.emit({ type: `wave.${state}`, wave, jobs: items }),
    stop: run.stop,
    scheduler: run.scheduler,
  });
}

/** Time from a failure to the next turn at least: where the line is short it would come at once. */
const DELAY_MS = 1_000;

/**
 * As many lanes as slots. What fails for now goes to the end of the line, `maxAttempts` turns in all, instead of being
 * tried again in its place. Its state waits among the run's postponed jobs, with the money that is held for it.
 */
function queueFeed(plans: Plans, journey: Journey, run: FedRun): Observable<Outcome> {
  return requeue(plans, (plan, { attempt }) => turn(plan, run.maxAttempts - attempt, journey, run), {
    lanes: run.slots.places,
    maxTries: run.maxAttempts,
    shouldRequeue: (error) => error === cameBack,
    delayMs: DELAY_MS,
    onTask: ({ lane, value, attempt, state }) =>
      run.emit({ type: `lane.${state}`, lane, index: value.index, turn: attempt }),
    stop: run.stop,
    scheduler: run.scheduler,
  });
}

const cameBack = new Error('The job was postponed.');

function turn(plan: Plan, turnsLeft: number, journey: Journey, run: FedRun): Observable<Outcome> {
  const { index } = plan;
  return defer(() => {
    const postponed = run.postponed.get(index);
    run.postponed.delete(index);
    let hasOutcome = false;
    const noteOutcome = tap<Outcome>(() => {
      hasOutcome = true;
    });
    const settled = defer(() => {
      // Stopped before anything came of this turn: the job ends as the turn before left it.
      if (!hasOutcome && run.isStopped && postponed !== undefined && !run.postponed.has(index)) {
        run.postponed.set(index, postponed);
      }
      const comesBack = turnsLeft > 0 && run.postponed.has(index);
      return comesBack ? throwError(() => cameBack) : EMPTY;
    });
    return concat(journey(plan, { postponed, turnsLeft }).pipe(noteOutcome), settled);
  });
}

/** One job from start to end, then the next. */
function sequentialFeed(plans: Plans, journey: Journey, { stop }: FedRun): Observable<Outcome> {
  return pullMap(plans, (plan) => journey(plan, { turnsLeft: 0 }), { concurrency: 1, stop });
}

/** More journeys than slots, so that a slot has its next job while others are downloaded and encoded. */
function streamFeed(plans: Plans, journey: Journey, { journeys, stop }: FedRun): Observable<Outcome> {
  return pullMap(plans, (plan) => journey(plan, { turnsLeft: 0 }), { concurrency: journeys, stop });
}
