import { concatMap, defer, delay, type Observable, of, throwError } from 'rxjs';
import { monotonicScheduler, wallNow } from '../base/monotonicScheduler.ts';
import type { ProviderError } from '../errors.ts';
import type { PredictionEvents, Provider } from '../ports.ts';
import type { CreateOptions, Prediction, PredictionRequest } from '../types.ts';
import { expectDurations, type FakeAnswer, type FakeProviderConfig } from './fakeAnswer.ts';
import { lostResponse, notFound, throttled } from './fakeErrors.ts';
import { createFakePredictions, type FakeStats } from './fakePredictions.ts';
import { fakeAnswers } from './stubProvider.ts';

/** A call that reached a fake provider. */
export interface FakeCall {
  readonly type: 'create' | 'get' | 'list' | 'cancel' | 'model';
  /** Moment by the provider's clock; ms since the start of the test in `marbles`. */
  readonly atMs: number;
  /** The prediction that it made or named; null if there is none. */
  readonly id: string | null;
}

/** A provider without a service, and the record of its calls. */
export interface FakeProvider extends Provider {
  /** All calls so far, in the order in which they came. */
  readonly calls: readonly FakeCall[];
  /** Returns all predictions that were made, the oldest first, as they are now. */
  predictions(): readonly Prediction[];
  /** Returns the counts so far; the names are those of the simulator. */
  stats(): FakeStats;
  /**
   * Reports the end of each prediction whose create request named a `webhookUrl`, as `webhooks` of
   * a run.
   */
  readonly webhooks: PredictionEvents;
}

/**
 * Creates a provider that makes predictions in the memory of the test, in virtual time if the clock
 * is virtual. Each subscription to `createPrediction` is one request; `creates` has its results,
 * and by default a prediction is made that succeeds after `durationMs`.
 *
 *     createPrediction, waitMs 60000   ---(p|)      durationMs 3: the response has the output
 *     createPrediction, waitMs 0       (p|)         processing; getPrediction has the rest
 *     { type: 'refused' }              #            429: nothing was made
 *     { type: 'lost' }                 #            was made and is paid; getPrediction and the list have it
 *     { type: 'lost', isMade: false }  #            the same error, but nothing was made
 *
 *     const provider = fakeProvider({ durationMs: 3, creates: [{ type: 'lost' }] });
 *     … run the pipeline …
 *     expect(provider.stats()).toMatchObject({ created: 1, billedMicroUsd: 3_000 });
 *
 * Waits of 0 ms emit at once, in the same call. Replace a method by a spread:
 * `{ ...fakeProvider(), getModel }`. Throws a RangeError for a wrong duration.
 */
export function fakeProvider(config: FakeProviderConfig = {}): FakeProvider {
  const { creates = [], responseMs = 0, priceMicroUsd = 3_000, scheduler = monotonicScheduler } = config;
  expectDurations(config);
  const predictions = createFakePredictions(config, () => wallNow(scheduler));
  const calls: FakeCall[] = [];
  const requests = { create: 0, get: 0, list: 0, cancel: 0, model: 0 };
  let refused429 = 0;
  const note = (type: FakeCall['type'], id: string | null) => {
    requests[type] += 1;
    calls.push({ type, atMs: scheduler.now(), id });
  };
  const after = <T>(ms: number, then: () => Observable<T>): Observable<T> =>
    ms === 0 ? then() : of(null).pipe(delay(ms, scheduler), concatMap(then));
  const answerTo = (request: PredictionRequest): FakeAnswer =>
    (typeof creates === 'function' ? creates(request, requests.create) : creates[requests.create]) ?? made;

  const create = (request: PredictionRequest, { waitMs, webhookUrl }: CreateOptions) => {
    const answer = answerTo(request);
    const error = refusalOf(answer);
    if (error !== null || answer.type === 'refused' || answer.type === 'error') {
      note('create', null);
      refused429 += answer.type === 'refused' ? 1 : 0;
      return after(responseMs, () => throwError(() => error));
    }
    const one = predictions.make(request, answer, webhookUrl);
    note('create', one.id);
    if (answer.type === 'lost') return after(responseMs, () => throwError(lostResponse));
    const heldMs = Math.max(responseMs, Math.min(waitMs, one.durationMs));
    return after(heldMs, () => of(predictions.stateOf(one)));
  };
  const find = (type: 'get' | 'cancel', id: string) =>
    defer(() => {
      note(type, id);
      const one = predictions.find(id);
      if (one !== undefined && type === 'cancel') predictions.cancel(one);
      return after(responseMs, () =>
        one === undefined ? throwError(() => notFound(id)) : of(predictions.stateOf(one)),
      );
    });

  return {
    answers: fakeAnswers(priceMicroUsd),
    createPrediction: (request, options) => defer(() => create(request, options)),
    getPrediction: (id) => find('get', id),
    cancelPrediction: (id) => find('cancel', id),
    listPredictions: (query) =>
      defer(() => {
        note('list', null);
        return after(responseMs, () => of(predictions.list(query)));
      }),
    getModel: (name, version = null) =>
      defer(() => {
        note('model', null);
        return after(responseMs, () => of({ name, latestVersion: version, isOfficial: true, schema: null }));
      }),
    calls,
    predictions: () => predictions.states(),
    stats: () => ({ requests: { ...requests }, refused429, ...predictions.stats(priceMicroUsd) }),
    webhooks: predictions.webhooks(scheduler),
  };
}

const made: FakeAnswer = { type: 'made' };

/** Returns the error of a request that makes nothing; null if it makes a prediction. */
function refusalOf(answer: FakeAnswer): ProviderError | null {
  if (answer.type === 'error') return answer.error;
  if (answer.type === 'refused') return throttled(answer.retryAfterMs);
  return answer.type === 'lost' && answer.isMade === false ? lostResponse() : null;
}
