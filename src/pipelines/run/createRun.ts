import { asyncScheduler, EMPTY, merge, NEVER, of, Subject, tap } from 'rxjs';
import { encoderConcurrency } from '../../base/pictures.ts';
import { guardListener } from '../../events/observeRun.ts';
import type { EmitEvent } from '../../events/runEvent.ts';
import { createSingleFlight } from '../../operators/cachedBy.ts';
import { createBreaker } from '../../operators/circuitBreaker.ts';
import { createGate } from '../../operators/gate.ts';
import { createClaimedIds } from '../../operators/predictions/adoptPrediction.ts';
import { createListPoller } from '../../operators/predictions/listPoller.ts';
import type { ResultCache } from '../../ports.ts';
import { fileAddresses } from '../journey/inputFiles.ts';
import { outcomeError } from '../journey/outcomes.ts';
import { createProvenanceWriters } from '../journey/provenance.ts';
import type { GenerateConfig, Run } from '../journey/run.ts';
import { concurrencyOf, steered } from './concurrency.ts';

/** Fills in the defaults of a run and opens its gates. */
export function createRun(config: GenerateConfig): Run {
  const {
    strategy = 'stream',
    continueOnError = true,
    downloads = 16,
    encoders = encoderConcurrency(),
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
    answers: { ...config.provider.answers, ...config.answers },
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
    claims: createClaimedIds(config.journal.knownPredictionIds()),
    provenanceWriters: createProvenanceWriters({ provenance, sign, emit: (event) => run.emit(event) }),
    flights: createSingleFlight(),
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
