import { concat, defer, EMPTY, type Observable, tap, throwError } from 'rxjs';
import { option } from '../../errors.ts';
import { inWaves, type WaveNews } from '../../operators/inWaves.ts';
import { pullMap } from '../../operators/pullMap.ts';
import { requeue } from '../../operators/requeue.ts';
import type { Outcome, Plan, Strategy } from '../../types.ts';
import type { Journey } from '../journey/job.ts';
import type { RunClock, RunControl, RunHooks, RunLimits, Stateful } from '../journey/run.ts';

/** The groups of a run that a feed reads. */
export type FedRun = Pick<RunLimits, 'slots' | 'journeys' | 'waveSize' | 'wavePauseMs' | 'maxAttempts'> &
  Pick<RunControl, 'stop'> &
  Pick<RunClock, 'scheduler'> &
  Pick<RunHooks, 'emit'> &
  Stateful;

type Plans = Iterable<Plan> | AsyncIterable<Plan>;

/** Sends plans on their journey, in the order and at the pace of a strategy. */
type Feed = (plans: Plans, journey: Journey, run: FedRun) => Observable<Outcome>;

/**
 * A strategy: how it feeds a run, and its effects on other parts of it. The journey of a job is the
 * same in all strategies.
 */
interface StrategyTraits {
  readonly feed: Feed;
  /** Predictions in flight if you name no number. */
  readonly defaultConcurrency: number;
  /** The one number of predictions in flight that it allows; null: any. */
  readonly fixedConcurrency: number | null;
  /**
   * True if a job's next attempt keeps its slot; false: it is another turn, at the end of the line.
   */
  readonly retriesInPlace: boolean;
  /** True if each job is reported with its position, as `job.progress`. */
  readonly reportsEachJob: boolean;
  /** True if `concurrency: 'auto'` may change the number of slots during the run. */
  readonly canLearn: boolean;
}

/** Predictions in flight by default, unless a strategy has its own number. */
const DEFAULT_CONCURRENCY = 10;
const usual = {
  defaultConcurrency: DEFAULT_CONCURRENCY,
  fixedConcurrency: null,
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
    fixedConcurrency: 1,
    reportsEachJob: true,
  },
  // The cap on "everything at once".
  parallel: { ...usual, feed: parallelFeed, defaultConcurrency: 100 },
  waves: { ...usual, feed: wavesFeed },
  queue: { ...usual, feed: queueFeed, retriesInPlace: false },
  stream: { ...usual, feed: streamFeed, canLearn: true },
};

/** Begins all jobs at once, one for each slot; warns if there are more jobs than slots. */
function parallelFeed(
  plans: Plans,
  journey: Journey,
  { slots, stop, emit }: Pick<FedRun, 'slots' | 'stop' | 'emit'>,
): Observable<Outcome> {
  return pullMap(
    plans,
    (plan, count) => {
      // The first job that had to wait for a slot.
      if (count === slots.concurrency) emit({ type: 'warning', message: capped(slots.concurrency) });
      return journey(plan, { turnsLeft: 0 });
    },
    { concurrency: slots.concurrency, stop },
  );
}

function capped(slots: number): string {
  return `There are more jobs than slots: the rest begins as slots become free. The limit is ${slots}; change it with ${option('--concurrency', 'N')}.`;
}

/**
 * Runs wave after wave, with a pause between; a large wave has no more journeys in flight than any
 * run.
 */
function wavesFeed(
  plans: Plans,
  journey: Journey,
  run: Pick<FedRun, 'waveSize' | 'wavePauseMs' | 'journeys' | 'emit' | 'stop' | 'scheduler'>,
): Observable<Outcome> {
  const { waveSize, wavePauseMs: pauseMs, stop, scheduler, emit } = run;
  const ended = { saved: 0, failed: 0, skipped: 0 };
  let sinceMs = 0;
  const onWave = ({ wave, items: jobs, state }: WaveNews) => {
    if (state === 'started') {
      Object.assign(ended, { saved: 0, failed: 0, skipped: 0 });
      sinceMs = scheduler.now();
      emit({ type: 'wave.started', wave, jobs });
      return;
    }
    const { saved, failed } = ended;
    emit({ type: 'wave.completed', wave, jobs, saved, failed, elapsedMs: scheduler.now() - sinceMs });
  };
  const counted = (plan: Plan) =>
    journey(plan, { turnsLeft: 0 }).pipe(
      tap(({ status }) => {
        ended[status] += 1;
      }),
    );
  const concurrency = Math.min(waveSize, run.journeys);
  return inWaves(plans, counted, { waveSize, pauseMs, concurrency, onWave, stop, scheduler });
}

/** Shortest time from a failure to the next turn, which would come at once if the line is short. */
const DELAY_MS = 1_000;

/**
 * Runs as many lanes as slots. A job that fails for now goes to the end of the line, `maxAttempts`
 * turns in all, and gives up its slot meanwhile. Its state waits among the run's postponed jobs,
 * with the money reserved for it.
 */
function queueFeed(plans: Plans, journey: Journey, run: FedRun): Observable<Outcome> {
  return requeue(plans, (plan, { attempt }) => turn(plan, run.maxAttempts - attempt, journey, run), {
    concurrency: run.slots.concurrency,
    retries: run.maxAttempts - 1,
    shouldRequeue: (error) => error === cameBack,
    delayMs: DELAY_MS,
    onTask: ({ lane, value, attempt, state }) =>
      run.emit({ type: `lane.${state}`, lane, index: value.index, turn: attempt }),
    stop: run.stop,
    scheduler: run.scheduler,
  });
}

const cameBack = new Error('The job was postponed.');

function turn(plan: Plan, turnsLeft: number, journey: Journey, { state }: Stateful): Observable<Outcome> {
  const { index } = plan;
  return defer(() => {
    const postponed = state.postponed.get(index);
    state.postponed.delete(index);
    let hasOutcome = false;
    const noteOutcome = tap<Outcome>(() => {
      hasOutcome = true;
    });
    const settled = defer(() => {
      // The run was stopped before this turn had a result: the job ends as the previous turn left
      // it.
      if (!hasOutcome && state.isStopped && postponed !== undefined && !state.postponed.has(index)) {
        state.postponed.set(index, postponed);
      }
      const comesBack = turnsLeft > 0 && state.postponed.has(index);
      return comesBack ? throwError(() => cameBack) : EMPTY;
    });
    return concat(journey(plan, { postponed, turnsLeft }).pipe(noteOutcome), settled);
  });
}

/** Runs one job from start to end, then the next. */
function sequentialFeed(plans: Plans, journey: Journey, { stop }: Pick<FedRun, 'stop'>): Observable<Outcome> {
  return pullMap(plans, (plan) => journey(plan, { turnsLeft: 0 }), { concurrency: 1, stop });
}

/**
 * Runs more journeys than slots, so that a slot has its next job while others are downloaded and
 * encoded.
 */
function streamFeed(
  plans: Plans,
  journey: Journey,
  { journeys, stop }: Pick<FedRun, 'journeys' | 'stop'>,
): Observable<Outcome> {
  return pullMap(plans, (plan) => journey(plan, { turnsLeft: 0 }), { concurrency: journeys, stop });
}
