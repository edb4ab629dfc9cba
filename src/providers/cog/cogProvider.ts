import { defer, EMPTY, ignoreElements, map, type Observable, of, type SchedulerLike, throwError } from 'rxjs';
import { z } from 'zod';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { expectOptions, type OptionRules, ofSimulators, optionRules } from '../../base/options.ts';
import { createRedact } from '../../base/secrets.ts';
import { cogService, isLoopback } from '../../base/service.ts';
import { ProviderError, UsageError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import { createServiceIdentity } from '../http/serviceIdentity.ts';
import { priceAnswers } from '../prices/cost.ts';
import { parseModelSchema } from '../wire/modelSchema.ts';
import { outputUrls, predictionError } from '../wire/output.ts';
import { type CogCaller, cogPrediction, createCogCaller } from './caller.ts';
import { putPrediction } from './putPrediction.ts';

export interface CogProviderConfig {
  /** The container's address, such as `http://127.0.0.1:5000`. */
  baseUrl: string;
  /**
   * Credentials to remove from the bodies of responses: a container may print those of its
   * environment. It is given none by this provider. Default: none.
   */
  secrets?: readonly string[];
  /** Time limit of a run if its create request sets none; then it is cancelled. Default 600,000. */
  runTimeoutMs?: number;
  /** Time limit of any other response. Default 30,000. */
  requestTimeoutMs?: number;
  /** Pause before a create request whose response was lost is sent again. Default 1,000. */
  pauseMs?: number;
  /** Performs the HTTP calls. Default: the platform's fetch. */
  fetch?: typeof fetch;
  /** Clock of deadlines and pauses. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

const rules: OptionRules<CogProviderConfig> = {
  baseUrl: optionRules.string,
  secrets: optionRules.secrets,
  runTimeoutMs: optionRules.above0,
  requestTimeoutMs: optionRules.above0,
  pauseMs: optionRules.wait,
  fetch: optionRules.task,
  scheduler: optionRules.scheduler,
};

/**
 * Creates a `Provider` for a container built by Cog: one model, no account, outputs as `data:`
 * URLs.
 *
 * A create request responds when the run is over, regardless of `waitMs`, because a container
 * cannot report a run later. For the same reason lists are always empty and no prediction is found
 * by its id. If a response is lost, the same PUT with the same id is sent again, which never starts
 * a second run beside the first. A container without a free slot counts as a 429.
 *
 * Throws `UsageError` for a malformed base URL, and for a name that no option has, but takes a
 * simulator as it is; a RangeError if another option is invalid. Emits the `ProviderError`s of
 * `createReplicateProvider`, and `ERR_NOT_READY` while the model is not set up; if the setup has
 * failed, that error stops the run.
 */
export function createCogProvider(config: CogProviderConfig): Provider {
  expectOptions(config, rules, { required: ['baseUrl'], ignored: ofSimulators });
  const { runTimeoutMs = 600_000, requestTimeoutMs = 30_000, pauseMs = 1_000 } = config;
  const { scheduler = monotonicScheduler } = config;
  if (!/^https?:$/.test(URL.parse(config.baseUrl)?.protocol ?? '')) {
    throw new UsageError(
      `Expected \`baseUrl\` to begin with http:// or https://, got ${JSON.stringify(config.baseUrl)}`,
    );
  }
  const baseUrl = config.baseUrl.replace(/\/$/, '');
  const identity = createServiceIdentity({
    name: cogService(baseUrl),
    isUnproved: true,
    ask: () => call({ method: 'GET', path: '/health-check', timeoutMs: requestTimeoutMs, read: () => null }),
  });
  const call = createCogCaller({
    baseUrl,
    redact: createRedact(config.secrets ?? []),
    onHeaders: identity.learn,
    now: () => wallNow(scheduler),
    ...(config.fetch === undefined ? {} : { fetch: config.fetch }),
  });
  const cancelPrediction: Provider['cancelPrediction'] = (id) =>
    call({
      method: 'POST',
      path: `/predictions/${encodeURIComponent(id)}/cancel`,
      timeoutMs: requestTimeoutMs,
      read: () => cogPrediction({ status: 'canceled' }, id, { model: '', version: null, input: {} }),
    });
  return {
    answers: { urlsOf: outputUrls, errorOf: predictionError, ...priceAnswers },
    identify: identity.identify,
    isLocal: isLoopback(new URL(baseUrl).hostname),
    isPlain: new URL(baseUrl).protocol === 'http:',
    createPrediction: putPrediction(call, {
      runTimeoutMs,
      readiness: cogReadiness(call, requestTimeoutMs),
      cancel: cancelPrediction,
      pauseMs,
      scheduler,
    }),
    getPrediction: (id) => throwError(() => notStored(id)),
    listPredictions: () => of({ predictions: [], next: null, isCurrent: true }),
    cancelPrediction,
    getModel: (name) =>
      call({ method: 'GET', path: '/openapi.json', timeoutMs: requestTimeoutMs, read: (body) => body }).pipe(
        map((body) => ({ name, latestVersion: null, isOfficial: null, schema: parseModelSchema(body) })),
      ),
  };
}

function notStored(id: string): ProviderError {
  return new ProviderError('ERR_NOT_FOUND', `A container stores no predictions, so ${id} cannot be read`, {
    status: 404,
    suggestion: 'Run it again: it costs only time on your machine.',
  });
}

const healthCheck = z.looseObject({ status: z.string() });

/** Final states: waiting does not change them. */
const BROKEN: ReadonlySet<string> = new Set(['SETUP_FAILED', 'DEFUNCT']);

/**
 * Completes when the container's model is set up, and does not ask again after that; else emits the
 * reason as an error.
 */
function cogReadiness(call: CogCaller, timeoutMs: number): Observable<never> {
  let isReady = false;
  return defer(() => {
    if (isReady) return EMPTY;
    const read = (body: unknown) => healthCheck.parse(body).status;
    return call({ method: 'GET', path: '/health-check', timeoutMs, read }).pipe(
      map((status) => {
        if (status !== 'READY' && status !== 'BUSY') throw notReady(status);
        isReady = true;
      }),
      ignoreElements(),
    );
  });
}

function notReady(status: string): ProviderError {
  const isBroken = BROKEN.has(status);
  return new ProviderError('ERR_NOT_READY', `Expected the model to be READY, got ${status}`, {
    recoverable: !isBroken,
    stopsRun: isBroken,
    suggestion: isBroken ? 'Look at the log of the container.' : 'Wait until the model is set up.',
  });
}
