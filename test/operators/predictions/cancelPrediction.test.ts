import { defer, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import { cancelPrediction } from '../../../src/operators/predictions/cancelPrediction.ts';
import type { Provider } from '../../../src/ports.ts';
import type { Prediction } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';

const providerOf = (cancel: Provider['cancelPrediction']) => fakeProvider({ cancelPrediction: cancel });

it(
  'emits the prediction as the service left it',
  marbles(({ cold, expectObservable }) => {
    const done = aPrediction({ status: 'succeeded' });
    expectObservable(
      cancelPrediction(
        providerOf(() => cold('---(p|)', { p: done })),
        'p1',
      ),
    ).toBe('---(p|)', {
      p: done, // It was faster.
    });
  }),
);

it(
  'looks again at one that still ran at the response to the cancel, because it may finish first',
  marbles(({ cold, expectObservable }) => {
    const running = aPrediction({ status: 'processing', output: null, outputComplete: false });
    const canceled: Prediction = { ...running, status: 'canceled' };
    const provider = (looks: Prediction[]) =>
      fakeProvider({
        cancelPrediction: () => cold('-(p|)', { p: running }),
        getPrediction: () =>
          defer(() => {
            const seen = looks.shift();
            const fault = new ProviderError('ERR_SERVICE', '500', { status: 500, recoverable: true });
            return seen === undefined ? cold<Prediction>('-#', {}, fault) : cold('-(p|)', { p: seen });
          }),
      });
    const done = aPrediction();
    expectObservable(cancelPrediction(provider([running, done]), 'p1')).toBe('1002ms (p|)', { p: done });
    const ended = { ...canceled, metrics: { predict_time: 2 } };
    expectObservable(cancelPrediction(provider([ended]), 'p1')).toBe('502ms (p|)', { p: ended });
    expectObservable(cancelPrediction(provider([]), 'p1')).toBe('2002ms (p|)', { p: canceled }); // it never reports the end
  }),
);

it(
  'asks again if that may help, for some seconds also after a 404',
  marbles(({ cold, expectObservable }) => {
    const canceled = aPrediction({ status: 'canceled', output: null, outputComplete: false });
    const faults = [
      new ProviderError('ERR_SERVICE', '500', { status: 500, recoverable: true }),
      new ProviderError('ERR_NOT_FOUND', '404', { status: 404 }),
    ];
    const provider = providerOf(() =>
      defer(() => {
        const fault = faults.shift();
        return fault === undefined ? cold('-(p|)', { p: canceled }) : cold<Prediction>('-#', {}, fault);
      }),
    );
    const cancel = cancelPrediction(provider, 'p1', { random: () => 1 });
    expectObservable(cancel).toBe('1503ms (p|)', { p: canceled }); // 1 + 500 + 1 + 1000 + 1
  }),
);

it('emits an error that another try cannot mend', () => {
  const forbidden = new ProviderError('ERR_FORBIDDEN', '403', { status: 403 });
  const errors: unknown[] = [];
  cancelPrediction(
    providerOf(() => throwError(() => forbidden)),
    'p1',
  ).subscribe({ error: (error) => errors.push(error) });
  expect(errors).toEqual([forbidden]);
});
