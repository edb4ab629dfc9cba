import { EMPTY, expand, filter, first, lastValueFrom, repeat, TimeoutError, timeout } from 'rxjs';
import { PredictionError } from '../../errors.ts';
import type { Prediction, PredictionPage } from '../../types.ts';
import { aPrediction } from '../aPlan.ts';
import {
  type Conformance,
  type ConformanceCheck,
  errorOf,
  expectRule,
  isFinal,
  type OptionalMethod,
  onlyValueOf,
  valuesOf,
} from './rules.ts';

interface ServiceCheck extends ConformanceCheck {
  /** The method that it needs besides `createPrediction`. */
  readonly needs?: OptionalMethod;
}

const MINUTE_MS = 60_000;
/** Pages of the list that are read at most. */
const MOST_PAGES = 20;

/** Returns the rules that a provider follows while its service works. */
export function serviceChecks(suite: Conformance): readonly ServiceCheck[] {
  const { provider } = suite;
  return [
    {
      name: 'emits one prediction of the request for each subscription',
      check: async () => {
        const create = provider.createPrediction(suite.request, { waitMs: 0 });
        const [one, other] = [await onlyValueOf(create, suite), await onlyValueOf(create, suite)];
        expectCreated(one, suite);
        const differ = one.id !== other.id;
        expectRule(
          differ,
          'two predictions of two subscriptions',
          one.id,
          'a second try is a request of its own',
        );
      },
    },
    {
      name: 'finds a prediction by its id, until it is final, and reads its output and cost',
      needs: 'getPrediction',
      check: async () => {
        const { id } = await create(suite);
        expectSucceeded(await final(id, suite), suite);
      },
    },
    {
      name: 'has a ProviderError for an id that does not exist',
      needs: 'getPrediction',
      check: async () => {
        const { tookEffect } = await errorOf(provider.getPrediction('no-such-prediction'), suite);
        expectRule(tookEffect === 'no', '`tookEffect` no', tookEffect, 'reading changes nothing');
      },
    },
    {
      name: 'lists a prediction since its creation, newest first, page by page',
      needs: 'listPredictions',
      check: async () => {
        const sinceMs = Date.now() - MINUTE_MS;
        const { id } = await create(suite);
        await listed(id, sinceMs, suite);
      },
    },
    {
      name: 'ends a prediction that is cancelled',
      needs: 'cancelPrediction',
      check: async () => {
        const { id } = await create(suite);
        const canceled = await onlyValueOf(provider.cancelPrediction(id), suite);
        expectRule(
          canceled.id === id,
          `prediction ${id}`,
          canceled.id,
          'its state decides whether it is paid',
        );
        if (!suite.lacks.includes('getPrediction')) await final(id, suite);
      },
    },
    {
      name: 'describes the model of the request',
      check: async () => {
        const { name } = await onlyValueOf(provider.getModel(suite.request.model), suite);
        expectRule(name === suite.request.model, suite.request.model, name, 'inputs are checked against it');
      },
    },
    {
      name: 'names its service, each time the same, if it names one',
      check: async () => {
        if (provider.identify === undefined) return;
        const names = [
          await onlyValueOf(provider.identify(), suite),
          await onlyValueOf(provider.identify(), suite),
        ];
        const isStable = names[0] !== '' && names[0] === names[1];
        expectRule(isStable, 'one name', names, 'a run folder belongs to one service');
      },
    },
    {
      name: 'explains predictions that ended without output',
      check: async () => {
        for (const status of ['failed', 'canceled', 'aborted'] as const) {
          const error = provider.answers.errorOf(aPrediction({ id: 'p9', status, error: 'no' }));
          const isRight = error instanceof PredictionError && error.predictionId === 'p9';
          expectRule(
            isRight,
            `a \`PredictionError\` of p9 that is ${status}`,
            error,
            'it becomes the outcome',
          );
        }
      },
    },
  ];
}

function create(suite: Conformance): Promise<Prediction> {
  return onlyValueOf(suite.provider.createPrediction(suite.request, { waitMs: 0 }), suite);
}

function expectCreated(prediction: Prediction, { request }: Conformance): void {
  expectRule(prediction.id !== '', 'an id', prediction.id, 'the prediction is found by it');
  expectRule(
    prediction.model === request.model,
    request.model,
    prediction.model,
    'a lost request is found by it',
  );
  const input = prediction.input ?? request.input;
  const isSame = Object.entries(request.input).every(
    ([name, value]) => JSON.stringify(input[name]) === JSON.stringify(value),
  );
  expectRule(isSame, 'the input of the request, or null', prediction.input, 'a lost request is found by it');
}

/** Returns the final state of a prediction. */
function final(id: string, { provider, everyMs, timeoutMs }: Conformance): Promise<Prediction> {
  const states = provider.getPrediction(id).pipe(repeat({ delay: everyMs }), first(isFinal));
  return lastValueFrom(states.pipe(timeout(timeoutMs))).catch((error: unknown) => {
    if (error instanceof TimeoutError)
      expectRule(false, 'a final prediction', `none in ${timeoutMs} ms`, 'a run waits for its end');
    throw error;
  });
}

function expectSucceeded(prediction: Prediction, { provider: { answers } }: Conformance): void {
  const { status, outputComplete, output } = prediction;
  expectRule(
    status === 'succeeded',
    'success',
    prediction.error ?? status,
    'the suite needs a request that works',
  );
  expectRule(
    outputComplete,
    '`outputComplete`',
    outputComplete,
    'an output that is not complete is not downloaded',
  );
  const urls = answers.urlsOf(output);
  const areUrls = urls.length > 0 && urls.every((url) => URL.canParse(url));
  expectRule(areUrls, 'the URLs of its files', urls, 'these are downloaded');
  for (const cost of [answers.costOf(prediction), answers.costOf(prediction, 3_000)]) {
    const isMoney = cost === null || (Number.isInteger(cost) && cost >= 0);
    expectRule(isMoney, 'whole millionths of a dollar, or null', cost, 'a budget adds them up');
  }
}

/** Reads the list, page by page, until it has the prediction. */
async function listed(id: string, sinceMs: number, suite: Conformance): Promise<void> {
  const { everyMs, timeoutMs } = suite;
  const looks = allPages(sinceMs, suite).pipe(repeat({ delay: everyMs }), filter(hasId(id)), first());
  await lastValueFrom(looks.pipe(timeout(timeoutMs))).catch((error: unknown) => {
    if (!(error instanceof TimeoutError)) throw error;
    const why = 'a run finds predictions there whose response was lost';
    expectRule(false, `prediction ${id} in the list`, `a list without it for ${timeoutMs} ms`, why);
  });
  const pages = await valuesOf(allPages(sinceMs, suite), suite);
  const all = pages.flatMap(({ predictions }) => predictions);
  const times = all.flatMap(({ createdAt }) => (createdAt === null ? [] : [Date.parse(createdAt)]));
  const isSorted = times.every((time, index) => index === 0 || time <= (times[index - 1] ?? time));
  expectRule(isSorted, 'the newest first', times, 'reading stops at the first one that is too old');
  const ids = all.map((one) => one.id);
  expectRule(new Set(ids).size === ids.length, 'each prediction once', ids, 'pages must not overlap');
}

function hasId(id: string): (page: PredictionPage) => boolean {
  return ({ predictions }) => predictions.some((one) => one.id === id);
}

function allPages(createdAfterMs: number, { provider }: Conformance) {
  return provider
    .listPredictions({ createdAfterMs })
    .pipe(
      expand(({ next }, index) =>
        next === null || index >= MOST_PAGES ? EMPTY : provider.listPredictions({ createdAfterMs, next }),
      ),
    );
}
