// Tests the timing of a pipeline of your own in virtual time: a character is a millisecond.
import { from, map } from 'rxjs';
import type { PredictionRequest, Provider } from 'rxposure';
import { awaitPrediction, createPrediction, throwFailed } from 'rxposure/operators';
import { aRequest, fakeProvider, marbles } from 'rxposure/testing';
import { it } from 'vitest';

const make = (requests: readonly PredictionRequest[], provider: Provider) =>
  from(requests).pipe(
    createPrediction(provider, { concurrency: 2 }),
    awaitPrediction(provider),
    throwFailed(),
    map(({ prediction }) => prediction.id),
  );

it(
  'makes two images at a time',
  marbles(({ expectObservable }) => {
    const requests = ['a fox', 'an owl', 'a hare'].map((prompt) => aRequest({ input: { prompt } }));
    const ids = make(requests, fakeProvider({ durationMs: 5 }));
    expectObservable(ids).toBe('-----(ab)-(c|)', { a: 'p0', b: 'p1', c: 'p2' });
  }),
);
