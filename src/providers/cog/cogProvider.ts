import {
  asyncScheduler,
  defer,
  EMPTY,
  ignoreElements,
  map,
  type Observable,
  of,
  type SchedulerLike,
  throwError,
} from 'rxjs';
import { z } from 'zod';
import { ProviderError, UsageError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import { costMicroUsd, describePrice } from '../prices/cost.ts';
import { parseModelSchema } from '../wire/modelSchema.ts';
import { outputUrls, predictionError } from '../wire/output.ts';
import { type CogCaller, cogPrediction, createCogCaller } from './caller.ts';
import { putPrediction } from './putPrediction.ts';

export interface CogProviderConfig {
  /** Of the container, such as `http://127.0.0.1:5000`. */
  baseUrl: string;
  /** Time for a run, where a create names none: then it is cancelled. Default 600,000. */
  runTimeoutMs?: number;
  /** Time for any other answer. Default 30,000. */
  requestTimeoutMs?: number;
  /** Pause before a create whose answer was lost is sent again. Default 1,000. */
  pauseMs?: number;
  /** Performs the HTTP calls. Default: the platform's fetch. */
  fetch?: typeof fetch;
  /** Clock of deadlines and pauses. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * A container built by Cog as a `Provider`: one model, no account, outputs as `data:` URLs.
 *
 * A create answers when the run is over, whatever `waitMs` says, because a container shows nothing of a run to those who
 * come back later. For the same reason a list is always empty and no prediction is found by its id; a create whose
 * answer is lost is settled by sending the same PUT with the same id again, which never begins a second run beside the
 * first. All places taken counts as a 429.
 *
 * Throws `UsageError` for a base URL that is none. Emits the `ProviderError`s of `createReplicateProvider`, and
 * `ERR_NOT_READY` while the model is not set up; where it never will be, that one stops the run.
 */
export function createCogProvider(config: CogProviderConfig): Provider {
  const { runTimeoutMs = 600_000, requestTimeoutMs = 30_000, pauseMs = 1_000 } = config;
  const { scheduler = asyncScheduler } = config;
  if (!/^https?:$/.test(URL.parse(config.baseUrl)?.protocol ?? '')) {
    throw new UsageError(
      `Expected \`baseUrl\` to begin with http:// or https://, got ${JSON.stringify(config.baseUrl)}`,
    );
  }
  const baseUrl = config.baseUrl.replace(/\/$/, '');
  const call = createCogCaller({
    baseUrl,
    now: () => scheduler.now(),
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
    answers: { urlsOf: outputUrls, costOf: costMicroUsd, errorOf: predictionError, describePrice },
    createPrediction: putPrediction(call, {
      runTimeoutMs,
      readiness: cogReadiness(call, requestTimeoutMs),
      cancel: cancelPrediction,
      pauseMs,
      scheduler,
    }),
    getPrediction: (id) => throwError(() => forgotten(id)),
    listPredictions: () => of({ predictions: [], next: null }),
    cancelPrediction,
    getModel: (name) =>
      call({ method: 'GET', path: '/openapi.json', timeoutMs: requestTimeoutMs, read: (body) => body }).pipe(
        map((body) => ({ name, latestVersion: null, isOfficial: null, schema: parseModelSchema(body) })),
      ),
  };
}

function forgotten(id: string): ProviderError {
  return new ProviderError(
    'ERR_NOT_FOUND',
    `A container keeps no predictions, so ${id} cannot be asked for`,
    {
      status: 404,
      suggestion: 'Run it again: nothing but the time of the machine is paid.',
    },
  );
}

const answer = z.looseObject({ status: z.string() });

/** States that no waiting changes. */
const BROKEN: ReadonlySet<string> = new Set(['SETUP_FAILED', 'DEFUNCT']);

/** Completes where a container's model is set up, and is not asked again after that; else emits why not as an error. */
function cogReadiness(call: CogCaller, timeoutMs: number): Observable<never> {
  let isReady = false;
  return defer(() => {
    if (isReady) return EMPTY;
    const read = (body: unknown) => answer.parse(body).status;
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
