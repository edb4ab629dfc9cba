import { EMPTY, type Observable, of } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { encoderConcurrency } from '../../base/pictures.ts';
import { guardListener } from '../../events/observeRun.ts';
import type { EmitEvent } from '../../events/runEvent.ts';
import { createSingleFlight } from '../../operators/cachedBy.ts';
import { createGate, type Gate } from '../../operators/gate.ts';
import { expectCount, expectWait } from '../../operators/internal/options.ts';
import { createGovernor } from '../../operators/pace/governor.ts';
import { createClaims } from '../../operators/predictions/claims.ts';
import { createListPoller } from '../../operators/predictions/listPoller.ts';
import { createLookout } from '../../operators/predictions/lookout.ts';
import { type WatchedService, watchService } from '../../operators/predictions/watchService.ts';
import { createLedger } from '../../operators/stages/budgetTake.ts';
import { watchFiles } from '../../operators/stages/watchFiles.ts';
import type { ResultCache } from '../../ports.ts';
import { createDownloader } from '../../providers/downloads/downloader.ts';
import { createRenderer } from '../../renditions/renderer.ts';
import { createMemoryJournal } from '../../store/memoryJournal.ts';
import type { Clock, GenerateConfig, Hooks, Limits, Outputs, Recovery, Services } from '../journey/config.ts';
import { fileAddresses } from '../journey/inputFiles.ts';
import { createProvenanceWriters } from '../journey/provenance.ts';
import type {
  Run,
  RunClock,
  RunHooks,
  RunLimits,
  RunOutputs,
  RunPorts,
  RunRecovery,
  RunServices,
} from '../journey/run.ts';
import { createOutputsText } from '../journey/textOutputs.ts';
import { adjustConcurrency, concurrencyOf } from './concurrency.ts';
import { gateDestinations } from './deliver.ts';
import { strategies } from './feeds.ts';
import { overrideAnswers } from './runConfig.ts';
import { openBreaker, openState, outageWatch } from './runState.ts';
import { runDefaults } from './settings.ts';

/** Creates a run: fills in defaults, opens its gates and makes the state that its jobs share. */
export function createRun(given: GenerateConfig): Run {
  const clock = resolveClock(given);
  const config = { ...given, ...openPorts(given, clock) };
  const limits = openGates(config);
  const hooks = resolveHooks(config, learningEmit(config, limits, clock));
  const services = resolveServices(config, clock, hooks);
  const files = watchFiles(config.downloader, outageWatch('files', config, { ...hooks, ...clock }));
  const recovery = resolveRecovery(config);
  const { state, control } = openState(config, recovery);
  const { uploads = 4, breakerFailures = runDefaults.breakerFailures } = config;
  const { timeoutMs } = limits;
  return {
    ...services,
    downloader: files.downloader,
    fileOutage: files.outage,
    ...limits,
    ...recovery,
    ...openOutputs({ ...config, service: services.service }, hooks),
    ...hooks,
    ...control,
    ...clock,
    state,
    breaker:
      typeof breakerFailures === 'number' ? openBreaker(breakerFailures, hooks, clock) : breakerFailures,
    flights: createSingleFlight(),
    outputsText: createOutputsText(services.provider),
    addressOf: fileAddresses(services.provider, { within: asGate(uploads), timeoutMs, ...clock }),
  };
}

function resolveClock({ scheduler = monotonicScheduler, random = Math.random }: Clock): RunClock {
  return { scheduler, random, startedAtMs: scheduler.now() };
}

function openPorts(config: GenerateConfig, { scheduler }: RunClock): RunPorts {
  const { isLocal = false, isPlain = false } = config.provider;
  return {
    downloader: config.downloader ?? createDownloader({ isLocal, isPlain, scheduler }),
    renderer: config.renderer ?? createRenderer(),
    journal: config.journal ?? createMemoryJournal(),
    ledger: config.ledger ?? createLedger({ limitMicroUsd: Number.POSITIVE_INFINITY }),
    governor: config.governor ?? createGovernor({ perMinute: runDefaults.ratePerMinute, scheduler }),
  };
}

function resolveServices(
  config: Services & RunPorts & Pick<Recovery, 'lookForMs'> & Pick<Limits, 'maxOutageMs'>,
  { scheduler, random }: RunClock,
  { emit }: Pick<RunHooks, 'emit'>,
): RunServices {
  const { downloader, renderer, journal, ledger, governor } = config;
  const ports = { downloader, renderer, journal, ledger, governor };
  const { provider, outage } = watched(config, { emit, scheduler });
  const { follower = createListPoller(provider, { scheduler, random }) } = config;
  const { cache = noCache, service = null } = config;
  const answers = overrideAnswers(provider.answers, config.answers);
  const { lookForMs = runDefaults.lookForMs } = config;
  const createDefault = () => {
    const claims = createClaims(journal.knownPredictionIds());
    return createLookout(provider, { claims, lookForMs, outage, random, scheduler });
  };
  const { lookout = createDefault() } = config;
  return { ...ports, provider, answers, follower, lookout, outage, cache, service };
}

function watched(
  config: Pick<Services, 'provider' | 'outage'> & Pick<Limits, 'maxOutageMs'>,
  listener: Pick<RunHooks, 'emit'> & Pick<RunClock, 'scheduler'>,
): WatchedService {
  const { provider, outage } = config;
  if (outage !== undefined) return { provider, outage };
  return watchService(provider, outageWatch('service', config, listener));
}

const noCache: ResultCache = { restore: () => of(null), keep: () => EMPTY };

/** Most slots that `auto` may learn; for more, name a number. */
const MAX_LEARNED = 64;

function isLearning({ strategy = runDefaults.strategy, concurrency }: Limits): boolean {
  return concurrency === 'auto' && strategies[strategy].canLearn;
}

function openGates(config: Limits): RunLimits {
  const { strategy = runDefaults.strategy, downloads = 16, encoders = encoderConcurrency() } = config;
  const {
    maxAttempts = runDefaults.maxAttempts,
    timeoutMs = runDefaults.timeoutMs,
    waitMs = 60_000,
  } = config;
  expectCount(maxAttempts, 'maxAttempts', 1);
  expectWait(timeoutMs, 'timeoutMs');
  const concurrency = concurrencyOf(strategy, config.concurrency);
  const downloadGate = asGate(downloads);
  const {
    waveSize = concurrency,
    wavePauseMs = runDefaults.wavePauseMs,
    slots = createGate(concurrency),
  } = config;
  return {
    strategy,
    retriesInPlace: strategies[strategy].retriesInPlace,
    waveSize,
    wavePauseMs,
    maxAttempts,
    timeoutMs,
    waitMs,
    slots,
    // Twice the slots: while one job is downloaded and encoded, the prediction of another can run
    // in its slot. A job beyond its prediction holds files on disk and no bytes in memory, so this
    // bounds the backlog, not the memory.
    journeys: 2 * (isLearning(config) ? MAX_LEARNED : concurrency) + downloadGate.concurrency,
    downloads: downloadGate,
    encoders: asGate(encoders),
  };
}

function asGate(places: number | Gate): Gate {
  return typeof places === 'number' ? createGate(places) : places;
}

/**
 * Returns an `emit` that passes events on to the listener, whose errors cannot break the run, and
 * lets `auto` learn from them.
 */
function learningEmit(
  config: Limits & Pick<Hooks, 'emit'>,
  { slots }: RunLimits,
  { scheduler }: RunClock,
): EmitEvent {
  const emit = guardListener(config.emit ?? (() => {}));
  if (!isLearning(config)) return emit;
  const first = concurrencyOf(config.strategy ?? runDefaults.strategy, config.concurrency);
  return adjustConcurrency(slots, { first, most: MAX_LEARNED }, emit, scheduler);
}

function resolveHooks(config: Hooks & Pick<RunPorts, 'journal'>, emit: EmitEvent): RunHooks {
  const {
    onTimeout = () => {},
    isDone = ({ index }) => config.journal.isSaved(index),
    paidBeforeUsd = () => 0,
    detached = false,
    beforeCreate = nothing,
    filesOf = async () => [],
    persist = nothing,
    afterSaved = nothing,
    onFailed = nothing,
    handOver = nothing,
    webhookUrlOf,
  } = config;
  return {
    emit,
    onTimeout: guardListener(onTimeout),
    isDone,
    paidBeforeUsd,
    detached,
    beforeCreate,
    filesOf,
    persist,
    afterSaved,
    onFailed,
    handOver,
    ...(webhookUrlOf === undefined ? {} : { webhookUrlOf }),
  };
}

const nothing = (): Observable<never> => EMPTY;

function resolveRecovery(config: Recovery): RunRecovery {
  const {
    timeoutAction = runDefaults.timeoutAction,
    fallbacksOf = () => [],
    recoveryRounds = runDefaults.recoveryRounds,
    recoveryDelayMs = 10_000,
    repay = false,
    continueOnError = true,
  } = config;
  expectCount(recoveryRounds, 'recoveryRounds', 0);
  return { timeoutAction, fallbacksOf, recoveryRounds, recoveryDelayMs, repay, continueOnError };
}

function openOutputs(config: Outputs & Pick<RunServices, 'service'>, { emit }: RunHooks): RunOutputs {
  const {
    folder,
    destinations = [],
    provenance = runDefaults.provenance,
    sign = null,
    keepOriginals = false,
    transform = null,
    rate = null,
  } = config;
  return {
    folder,
    destinations: gateDestinations(destinations),
    provenanceWriters: createProvenanceWriters({ provenance, service: config.service, sign, emit }),
    provenance,
    isSigned: sign !== null,
    transform,
    rate,
    keepOriginals: keepOriginals && (provenance !== 'none' || sign !== null),
  };
}
