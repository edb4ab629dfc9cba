import { randomUUID } from 'node:crypto';
import {
  catchError,
  concatMap,
  defer,
  map,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  take,
  throwError,
} from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { imagesAskedFor } from '../../base/modelInput.ts';
import { longTimer, monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { expectOptions, having, type OptionRules, optionRules, orNull } from '../../base/options.ts';
import { formatUsd, shown, toMicroUsd } from '../../base/text.ts';
import { option, ProviderError } from '../../errors.ts';
import type { Provider, ProviderAnswers } from '../../ports.ts';
import type { Json, ModelSchema, Prediction, PredictionRequest } from '../../types.ts';
import { outputUrls, predictionError } from '../wire/output.ts';

/** An image: its address (`https:` or `data:`), or its bytes. */
export type MadeImage = string | Uint8Array;

export interface FunctionProviderConfig {
  /**
   * Makes the image of a request, or several. The signal aborts at the time limit of the run, and
   * if the run does not want the image any more. An error that it throws fails the job; a
   * `ProviderError` states if it may have been paid, and status 429 that there is no room now.
   */
  make: (request: PredictionRequest, signal: AbortSignal) => Promise<MadeImage | readonly MadeImage[]>;
  /** Name of the service, which the run folder and the images remember. */
  service: string;
  /**
   * Price of one image in dollars. If it is above 0, nothing is made again that may be paid: a job
   * whose call was lost stays open until a run with `repay`. Default 0.
   */
  priceUsd?: number;
  /** The inputs that `make` takes. Default: not known; all fields of a row are tags then. */
  schema?: ModelSchema | null;
  /** Clock of the time limits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

const rules: OptionRules<FunctionProviderConfig> = {
  make: optionRules.task,
  service: optionRules.text,
  priceUsd: optionRules.usd,
  schema: orNull(having('a schema with `properties`', 'properties')),
  scheduler: optionRules.scheduler,
};

/**
 * Creates a `Provider` from a function that makes images: a model in this process, or a service
 * that responds with the image.
 *
 *     const provider = createFunctionProvider({ service: 'studio', make: ({ input }) => draw(input) });
 *
 *     make resolves after 3 ms            ---(p|)   the prediction has succeeded
 *     it throws                           ---(p|)   the prediction has failed
 *     it throws, priceUsd 0.01            ---#      tookEffect: 'unknown'
 *     it takes longer than timeoutMs 4    -----(p|) the signal is aborted, the prediction canceled
 *     the same, priceUsd 0.01             -----#    tookEffect: 'unknown'
 *
 * Predictions are not stored, so none is found by its id, and lists are empty. A value of `make`
 * that is no image counts as an error that it throws.
 *
 * Throws a RangeError if an option is invalid or missing, `UsageError` for a name that none has.
 */
export function createFunctionProvider(config: FunctionProviderConfig): Provider {
  expectOptions(config, rules, { required: ['service', 'make'] });
  const { service, make, priceUsd = 0, schema = null, scheduler = monotonicScheduler } = config;
  const priceMicroUsd = toMicroUsd(priceUsd);
  const createPrediction: Provider['createPrediction'] = (request, { cancelAfterMs, timeoutMs }) =>
    defer(() => {
      const startedAt = isoNow(scheduler);
      const begunAtMs = scheduler.now();
      const ended = (end: Ending): Prediction => ({
        id: randomUUID(),
        model: request.model,
        version: request.version ?? null,
        input: request.input,
        ...{ output: null, error: null, dataRemoved: false },
        ...{ createdAt: startedAt, startedAt, completedAt: isoNow(scheduler) },
        metrics: { predict_time: (scheduler.now() - begunAtMs) / 1_000 },
        outputComplete: end.status === 'succeeded',
        ...end,
      });
      const made = fromAbortable(async (signal) => make(request, signal)).pipe(
        map((images): Ending => ({ status: 'succeeded', output: imagesOf(images).map(urlOf) })),
        catchError((error: unknown) => failed(error, priceMicroUsd)),
      );
      const limitMs = timeoutMs ?? cancelAfterMs ?? Number.POSITIVE_INFINITY;
      // A timer may be a millisecond early: the run must see that its limit is over.
      const timeUp = longTimer(limitMs + EARLIEST_MS, scheduler).pipe(
        concatMap(() => tooLate(limitMs, priceMicroUsd)),
      );
      return merge(made, timeUp).pipe(take(1), map(ended));
    });
  return {
    answers: answersAt(priceMicroUsd),
    identify: () => of(service),
    createPrediction,
    getPrediction: (id) => throwError(() => notStored(id)),
    // A request that costs money may have been paid, although no list can show it: no search helps.
    listPredictions: () =>
      priceMicroUsd === 0
        ? of({ predictions: [], next: null, isCurrent: true })
        : of({ predictions: [], next: null, isComplete: false, leadsNowhere: true, isAbsent: true }),
    cancelPrediction: (id) => throwError(() => notStored(id)),
    getModel: (name) => of({ name, latestVersion: null, isOfficial: null, schema }),
  };
}

/** Timers may be early by less than this. */
const EARLIEST_MS = 1;

/** The end of a prediction. */
type Ending = Pick<Prediction, 'status'> & Partial<Pick<Prediction, 'output' | 'error'>>;

function isoNow(scheduler: SchedulerLike): string {
  return new Date(wallNow(scheduler)).toISOString();
}

/** Returns the images that `make` has returned. Throws if there is none, or something else. */
function imagesOf(made: unknown): readonly MadeImage[] {
  const images: readonly unknown[] = Array.isArray(made) ? made : [made];
  if (images.length > 0 && images.every(isImage)) return images;
  throw new Error(`Expected \`make\` to return an image, its bytes or its address, got ${shown(made)}`);
}

function isImage(image: unknown): image is MadeImage {
  return typeof image === 'string' ? /^(?:https?|data):/i.test(image) : image instanceof Uint8Array;
}

function urlOf(image: MadeImage): string {
  if (typeof image === 'string') return image;
  return `data:application/octet-stream;base64,${Buffer.from(image).toString('base64')}`;
}

/** Returns the end of a call that took too long. One that costs money may have been paid. */
function tooLate(limitMs: number, priceMicroUsd: number): Observable<Ending> {
  return priceMicroUsd === 0
    ? of({ status: 'canceled' })
    : defer(() => failed(new Error(`no image within ${limitMs} ms`), priceMicroUsd));
}

function failed(error: unknown, priceMicroUsd: number): Observable<Ending> {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ProviderError) throw error;
  if (priceMicroUsd === 0) return of({ status: 'failed', error: message });
  throw new ProviderError('ERR_MAKE_FAILED', `The function of the provider has failed: ${message}`, {
    tookEffect: 'unknown',
    suggestion: `If nothing was paid, let \`make\` throw a ProviderError; else run again with ${option('--repay')}.`,
    cause: error,
  });
}

function notStored(id: string): ProviderError {
  return new ProviderError('ERR_NOT_FOUND', `A function stores no predictions, so ${id} cannot be read`, {
    status: 404,
  });
}

function answersAt(ownMicroUsd: number): ProviderAnswers {
  return {
    urlsOf: outputUrls,
    errorOf: predictionError,
    costOf: ({ status, output }, priceMicroUsd = ownMicroUsd) =>
      status === 'succeeded' ? priceMicroUsd * imagesIn(output) : 0,
    estimateOf: ({ input }, priceMicroUsd = ownMicroUsd) => priceMicroUsd * imagesAskedFor(input),
    describePrice: (_model, priceMicroUsd = ownMicroUsd) => `${formatUsd(priceMicroUsd)} an image (as given)`,
  };
}

function imagesIn(output: Json): number {
  return Array.isArray(output) ? output.length : 0;
}
