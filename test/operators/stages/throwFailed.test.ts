import { expect, it } from 'vitest';
import { type Failed, failItem, isFailed, type Made } from '../../../src/base/items/item.ts';
import { PredictionError, ProviderError, StorageError, UsageError } from '../../../src/errors.ts';
import { throwFailed } from '../../../src/operators/stages/throwFailed.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';
import { madeOf } from '../../helpers/oneItem.ts';

const about = { stage: 'polling', prediction: null, costMicroUsd: 0 } as const;
const error = new PredictionError('ERR_SAFETY', 'no', { predictionId: 'p1' });

it(
  'emits the error of the first item that has failed',
  marbles(({ cold, expectObservable }) => {
    const made = madeOf(aPrediction());
    const items: Record<'a' | 'b' | 'f', Made | Failed> = {
      a: made,
      b: made,
      f: failItem(made, error, about),
    };
    expectObservable(cold('a-f-b|', items).pipe(throwFailed())).toBe('a-#', items, error);
  }),
);

it('tells failed items from others, and lets no item fail with an error of the run itself', () => {
  const made = madeOf(aPrediction());
  expect([made, failItem(made, error, about)].map((item) => isFailed(item))).toEqual([false, true]);
  const faults = [
    new StorageError('ERR_DISK_FULL', 'full'),
    new ProviderError('ERR_NO_CREDIT', 'no', { status: 402, stopsRun: true }),
    new UsageError('wrong'),
    new TypeError('odd'),
    'a text',
  ];
  const thrown = faults.map((fault) => {
    try {
      return failItem(made, fault, about);
    } catch (error) {
      return error;
    }
  });
  expect(thrown).toEqual(faults);
});
