import { concat, defer, EMPTY, type Observable, type SchedulerLike } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { guardListener } from '../../events/observeRun.ts';
import type { EmitEvent } from '../../events/runEvent.ts';
import { openDecodingNotes } from '../../images/decodingNotes.ts';
import type { Gate } from '../../operators/gate.ts';
import { createGovernor } from '../../operators/pace/governor.ts';
import { createEventFollower } from '../../operators/predictions/awaitPrediction.ts';
import { claimsWhenAsked, createClaims } from '../../operators/predictions/claims.ts';
import { createListPoller } from '../../operators/predictions/listPoller.ts';
import { createLookout, type Lookout } from '../../operators/predictions/lookout.ts';
import { watchService } from '../../operators/predictions/watchService.ts';
import { createLedger } from '../../operators/stages/budgetTake.ts';
import { shareLedger } from '../../operators/stages/shareLedger.ts';
import type {
  Claims,
  Journal,
  Ledger,
  PredictionEvents,
  Provider,
  ProviderAnswers,
  Renderer,
} from '../../ports.ts';
import { createDownloader } from '../../providers/downloads/downloader.ts';
import { createRenderer } from '../../renditions/renderer.ts';
import { deleteImages, writeSidecar } from '../../sinks/manifest/sidecar.ts';
import type { Plan } from '../../types.ts';
import type { GenerateConfig } from '../journey/config.ts';
import type { RunPorts } from '../journey/run.ts';
import { concurrencyOf, slotsWithin } from './concurrency.ts';
import { outageWatch } from './runState.ts';
import { type RunSettings, type RunStore, runDefaults, type SharedService } from './settings.ts';

/** The service and the store that the configuration of a run is made from. */
interface Opened {
  readonly provider: Provider;
  readonly store: RunStore;
  /** The ledger of all runs of this machine. Default: this one is not counted. */
  readonly spending?: Ledger | null;
}

/** Returns the configuration of `generate`, from the settings of a run and its open store. */
export function configOf(
  settings: RunSettings,
  opened: Opened,
): GenerateConfig & RunPorts & { readonly lookout: Lookout } {
  const { destinations: _destinations, webhooks, detach = false, session, ...others } = settings;
  const { folder, sidecars = true, deleteLocal = false } = settings;
  const { ratePerMinute = runDefaults.ratePerMinute, maxWaitMs = runDefaults.maxWaitMs } = settings;
  const { lookForMs = runDefaults.lookForMs, random = Math.random } = settings;
  const { scheduler = monotonicScheduler } = settings;
  const { store } = opened;
  const { journal, isDone, paidBeforeUsd, filesOf } = store;
  const putAside = (reason: 'failed' | 'detached') => (plan: Plan) => store.putAside(plan, reason);
  // A run that makes no predictions asks for claims in its closing look at most.
  const isMadeHere = settings.make === undefined;
  const claims = isMadeHere ? claimedIn(journal, session) : claimsWhenAsked(journal.knownPredictionIds);
  const emit = guardListener(settings.emit ?? (() => {}));
  const watching = outageWatch('service', settings, { emit, scheduler });
  const { provider, outage } = watchService(opened.provider, watching);
  const { estimateOf } = overrideAnswers(provider.answers);
  return {
    ...others,
    provider,
    outage,
    emit,
    ...(detach ? { waitMs: 0, detached: true, beforeCreate: putAside('detached') } : {}),
    ...(webhooks === undefined ? {} : byWebhooks(webhooks, provider, scheduler)),
    downloader: createDownloader({
      isLocal: provider.isLocal ?? false,
      maxBytes: settings.maxOutputBytes ?? runDefaults.maxOutputBytes,
      isPlain: provider.isPlain ?? false,
      scheduler,
    }),
    renderer: rendererFor(folder, store),
    journal,
    ledger: openLedger(settings, opened, emit),
    governor:
      session?.governor ??
      createGovernor({
        perMinute: ratePerMinute,
        maxWaitMs,
        onPause: (waitMs) => emit({ type: 'rate.paused', waitMs, reason: 'limits' }),
        scheduler,
      }),
    ...(session === undefined ? {} : { slots: slotsIn(session, settings) }),
    lookout: createLookout(provider, { claims, lookForMs, outage, random, scheduler }),
    answers: overrideAnswers(provider.answers, {
      costOf: (prediction) => provider.answers.costOf(prediction, priceFor(prediction.model, settings)),
      ...(estimateOf && {
        estimateOf: (request) => estimateOf(request, priceFor(request.model, settings)),
      }),
    }),
    isDone,
    paidBeforeUsd,
    filesOf,
    onFailed: putAside('failed'),
    persist: (outcome) => concat(sidecars ? writeSidecar(folder, outcome) : EMPTY, store.keep(outcome)),
    ...(deleteLocal ? { afterSaved: (outcome) => defer(() => deleteImages(folder, outcome)) } : {}),
  };
}

/**
 * Returns the answers of a provider, with some of them replaced. Either may be an object with
 * methods. Costs without estimates make those of the provider void: they would be of other prices.
 */
export function overrideAnswers(
  own: ProviderAnswers,
  others: Partial<ProviderAnswers> = {},
): ProviderAnswers {
  const pricing = others.estimateOf === undefined && others.costOf === undefined ? own : others;
  return {
    urlsOf: (output) => (others.urlsOf === undefined ? own.urlsOf(output) : others.urlsOf(output)),
    costOf: (prediction, price) =>
      others.costOf === undefined ? own.costOf(prediction, price) : others.costOf(prediction, price),
    ...(pricing.estimateOf && {
      estimateOf: (request, price) => pricing.estimateOf?.(request, price) ?? null,
    }),
    errorOf: (prediction) =>
      others.errorOf === undefined ? own.errorOf(prediction) : others.errorOf(prediction),
    describePrice: (model, price) =>
      others.describePrice === undefined
        ? own.describePrice(model, price)
        : others.describePrice(model, price),
  };
}

/** Creates the renderer of a folder, whose store may make thumbnails from decoded images. */
export function rendererFor(
  folder: string,
  { check, preview }: Pick<RunStore, 'check' | 'preview'>,
): Renderer {
  const notes = openDecodingNotes(folder);
  const renderer = createRenderer({ notes, ...(preview === undefined ? {} : { preview }) });
  return check === undefined ? renderer : { ...renderer, check };
}

function slotsIn(
  { slots }: SharedService,
  { strategy = runDefaults.strategy, concurrency }: Pick<RunSettings, 'strategy' | 'concurrency'>,
): Gate {
  return concurrency === undefined ? slots : slotsWithin(slots, concurrencyOf(strategy, concurrency));
}

/** Returns the claims of a run, which may be those of several, with all that its journal knows. */
function claimedIn(journal: Journal, session: SharedService | undefined): Claims {
  if (session === undefined) return createClaims(journal.knownPredictionIds());
  session.claims.know(journal.knownPredictionIds());
  return session.claims;
}

/** Returns the price of one output image of a model that the settings give; undefined for none. */
export function priceFor(
  model: string,
  { priceMicroUsd, pricesMicroUsd = {} }: Pick<RunSettings, 'priceMicroUsd' | 'pricesMicroUsd'>,
): number | undefined {
  return Object.hasOwn(pricesMicroUsd, model) ? pricesMicroUsd[model] : priceMicroUsd;
}

/**
 * Opens the budget of a run, less the money that earlier runs over its store have spent, or
 * reserved for open attempts: also for those of jobs that this run does not make. The budget of its
 * session, and the limits for all runs of this machine, must have room, too.
 */
function openLedger(
  { budgetMicroUsd = Number.POSITIVE_INFINITY, session }: Pick<RunSettings, 'budgetMicroUsd' | 'session'>,
  {
    store,
    spending = null,
  }: Pick<Opened, 'spending'> & { readonly store: Pick<RunStore, 'spentMicroUsd' | 'openMicroUsd'> },
  emit: EmitEvent,
): Ledger {
  const own = createLedger({
    limitMicroUsd: budgetMicroUsd,
    spentMicroUsd: store.spentMicroUsd(),
    openMicroUsd: store.openMicroUsd(),
    onWarning: ({ reservedMicroUsd, spentMicroUsd }) =>
      emit({ type: 'budget.warning', limitMicroUsd: budgetMicroUsd, reservedMicroUsd, spentMicroUsd }),
  });
  const shared = session === undefined ? own : shareLedger(own, session.ledger);
  return spending === null ? shared : shareLedger(shared, spending);
}

/**
 * Pauses between requests for the list behind webhooks: long enough to cost nothing, and well
 * within the hour.
 */
const BEHIND_WEBHOOKS = { shortestMs: 5_000, longestMs: 30_000 };

function byWebhooks({ url, events }: PredictionEvents, provider: Provider, scheduler: SchedulerLike) {
  const behind = createListPoller(provider, { ...BEHIND_WEBHOOKS, scheduler });
  return {
    waitMs: 0,
    follower: createEventFollower(events, behind),
    webhookUrlOf: ({ index }: Plan, attemptId: string) => {
      const own = new URL(url);
      own.searchParams.set('job', String(index));
      own.searchParams.set('attempt', attemptId);
      return own.href;
    },
  };
}

/** A provider, and the number of its calls. */
interface CountedProvider {
  readonly provider: Provider;
  count(): number;
}

/**
 * Counts the requests of a provider to the service: one for each subscription, as `Provider`
 * states. Downloads do not count.
 */
export function countRequests(provider: Provider): CountedProvider {
  let requests = 0;
  const counted = <T>(call: () => Observable<T>): Observable<T> =>
    defer(() => {
      requests += 1;
      return call();
    });
  const { identify, isLocal = false, isPlain = false, uploadFile } = provider;
  return {
    provider: {
      answers: provider.answers,
      isLocal,
      isPlain,
      ...(identify === undefined ? {} : { identify: () => identify.call(provider) }),
      createPrediction: (request, options) => counted(() => provider.createPrediction(request, options)),
      getPrediction: (id) => counted(() => provider.getPrediction(id)),
      listPredictions: (query) => counted(() => provider.listPredictions(query)),
      cancelPrediction: (id) => counted(() => provider.cancelPrediction(id)),
      getModel: (name, version) => counted(() => provider.getModel(name, version)),
      ...(uploadFile === undefined
        ? {}
        : { uploadFile: (file) => counted(() => uploadFile.call(provider, file)) }),
    },
    count: () => requests,
  };
}
