import { asyncScheduler, EMPTY, merge, NEVER, type Observable, of, Subject, tap } from 'rxjs';
import { encoderPlaces } from '../encoderPlaces.ts';
import { guardListener } from '../events/guardListener.ts';
import type { Cached } from '../operators/cachedBy.ts';
import { type Breaker, createBreaker } from '../operators/createBreaker.ts';
import { type Claims, createClaims } from '../operators/createClaims.ts';
import { createFlights, type Flights } from '../operators/createFlights.ts';
import { createGate, type Gate } from '../operators/createGate.ts';
import { createListPoller } from '../operators/createListPoller.ts';
import type { Destination, EmitEvent, ResultCache } from '../ports.ts';
import type { InputFile, Outcome } from '../types.ts';
import { concurrencyOf } from './concurrencyOf.ts';
import type { JobAccount } from './createJobAccount.ts';
import { createMarks, type Marks } from './createMarks.ts';
import { fileAddresses } from './fileAddresses.ts';
import type { GenerateConfig } from './GenerateConfig.ts';
import type { Obtained } from './Obtained.ts';
import { outcomeError } from './outcomeError.ts';
import { steered } from './steered.ts';

/** What is turned into something else, and what has no default. */
type OptionalFields =
  | 'concurrency'
  | 'downloads'
  | 'encoders'
  | 'uploads'
  | 'webhookUrlOf'
  | 'detach'
  | 'destinations'
  | 'breakerFailures'
  | 'provenance'
  | 'sign';

/** A run's configuration with every default in place, and what all its jobs share. */
export interface Run extends Required<Omit<GenerateConfig, OptionalFields>> {
  /** ms since 1970. */
  readonly startedAtMs: number;
  readonly webhookUrlOf: GenerateConfig['webhookUrlOf'] | undefined;
  readonly detach: GenerateConfig['detach'] | undefined;
  /** Jobs under way at most, from the first create to the last rendition. */
  readonly journeys: number;
  /** Predictions in flight. */
  readonly slots: Gate;
  /** Downloads in flight. */
  readonly downloads: Gate;
  /** Under what a request names a file, at the moment: emits it when the service has the file. */
  readonly addressOf: (file: InputFile) => Observable<string>;
  /** Originals being decoded and encoded. */
  readonly encoders: Gate;
  /** Further places for finished pictures, and how many deliveries each takes at a time. */
  readonly destinations: readonly { readonly destination: Destination; readonly places: Gate }[];
  /** Null where a model is never left alone. */
  readonly breaker: Breaker | null;
  readonly claims: Claims;
  /** What writes into pictures where they are from; null where nothing does. */
  readonly marks: Marks | null;
  /** Results that are being obtained. */
  readonly flights: Flights<Cached<Obtained>>;
  /** Jobs that failed in this round and get another turn in the next, by index. */
  postponed: Map<number, PostponedJob>;
  /** Rounds that may follow the present one. */
  roundsLeft: number;
  /** Set when the run was told to stop: jobs that wait in line begin nothing any more. */
  isStopped: boolean;
  /**
   * Stops the run because of one of its jobs. What the service said to that one, if it concerns them all, is the run's
   * error when all is finished; null: nothing.
   */
  halt(fault: unknown): void;
  /** Null where the service had no objection. */
  fault: unknown;
}

/** A job that is to be tried again, and how it has ended if that does not come about. */
export interface PostponedJob {
  readonly account: JobAccount;
  readonly outcome: Outcome;
}

/** Fills in the defaults of a run and opens its gates. */
export function createRun(config: GenerateConfig): Run {
  const {
    strategy = 'stream',
    continueOnError = true,
    downloads = 16,
    encoders = encoderPlaces(),
    uploads = 4,
    maxAttempts = 3,
    timeoutMs = 600_000,
    timeoutAction = 'cancel',
    onTimeout = () => {},
    waitMs = 60_000,
    webhookUrlOf,
    detach,
    provenance = 'full',
    sign = null,
    keepOriginals = false,
    fallbacksOf = () => [],
    breakerFailures = 20,
    putAside = () => EMPTY,
    cache = noCache,
    recoveryRounds = 0,
    recoveryDelayMs = 10_000,
    repay = false,
    isDone = ({ index }) => config.journal.isSaved(index),
    isPaidBefore = () => false,
    keep = () => EMPTY,
    destinations = [],
    release = () => EMPTY,
    handOver = () => EMPTY,
    emit = () => {},
    stop = NEVER,
    cancel = NEVER,
    scheduler = asyncScheduler,
    random = Math.random,
    follower = createListPoller(config.provider, { scheduler, random }),
    ...ports
  } = config;
  const concurrency = concurrencyOf(strategy, config.concurrency);
  const { waveSize = concurrency, wavePauseMs = 1_000, slots = createGate(concurrency) } = config;
  const isAuto = config.concurrency === 'auto' && strategy === 'stream';
  const learning = (told: EmitEvent): EmitEvent =>
    isAuto ? steered(slots, { first: concurrency, most: MOST_LEARNED }, told, scheduler) : told;
  const halted = new Subject<void>();
  const run: Run = {
    ...ports,
    startedAtMs: scheduler.now(),
    strategy,
    waveSize,
    wavePauseMs,
    continueOnError,
    maxAttempts,
    timeoutMs,
    timeoutAction,
    onTimeout: guardListener(onTimeout),
    follower,
    waitMs,
    webhookUrlOf,
    detach,
    keepOriginals: keepOriginals && (provenance !== 'none' || sign !== null),
    fallbacksOf,
    breaker:
      breakerFailures === 0
        ? null
        : createBreaker({
            failures: breakerFailures,
            onOpen: ({ name, failures, error, coolMs }) =>
              run.emit({
                type: 'model.paused',
                model: name,
                failures,
                waitMs: coolMs,
                error: outcomeError(error),
              }),
            scheduler,
          }),
    putAside,
    cache,
    recoveryRounds,
    recoveryDelayMs,
    repay,
    isDone,
    isPaidBefore,
    keep,
    // Each with its own gate: a slow one holds back nobody but itself.
    destinations: destinations.map((destination) => ({
      destination,
      places: createGate(destination.concurrency),
    })),
    release,
    handOver,
    emit: learning(guardListener(emit)),
    stop: merge(stop, halted).pipe(
      tap(() => {
        run.isStopped = true;
      }),
    ),
    cancel,
    scheduler,
    random,
    // Twice the slots: while one job is downloaded and encoded, another one's prediction can run in its place.
    // A job beyond its prediction holds files on disk and no bytes in memory, so this bounds the backlog, not the memory.
    journeys: 2 * (isAuto ? MOST_LEARNED : concurrency) + downloads,
    slots,
    downloads: createGate(downloads),
    addressOf: fileAddresses(config.provider, { within: createGate(uploads), timeoutMs, scheduler, random }),
    encoders: createGate(encoders),
    claims: createClaims(config.journal.knownPredictionIds()),
    marks: createMarks({ provenance, sign, emit: (event) => run.emit(event) }),
    flights: createFlights(),
    postponed: new Map(),
    roundsLeft: recoveryRounds,
    isStopped: false,
    halt(fault) {
      run.fault ??= fault;
      halted.next();
    },
    fault: null,
  };
  return run;
}

/** More at a time are for who asks for them by number. */
const MOST_LEARNED = 64;

const noCache: ResultCache = { restore: () => of(null), keep: () => EMPTY };
