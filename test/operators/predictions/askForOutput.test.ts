import { defer, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { monotonicScheduler } from '../../../src/base/monotonicScheduler.ts';
import { ProviderError } from '../../../src/errors.ts';
import { askForOutput } from '../../../src/operators/predictions/askForOutput.ts';
import type { Prediction } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';

const whole = aPrediction();
const silent = aPrediction({ output: null });
const stale = aPrediction({ status: 'processing', output: null, outputComplete: false });
const deleted = aPrediction({ output: null, dataRemoved: true });
const failed = aPrediction({ status: 'failed', output: null, outputComplete: false });

it.each<[string, Prediction, Prediction[], string, Prediction]>([
  ['one with its output, or', whole, [], '(p|)', whole],
  ['one whose data are deleted, or', deleted, [], '(p|)', deleted],
  ['one that has failed, without a request', failed, [], '(p|)', failed],
  ['one whose output is there at once', silent, [whole], '(p|)', whole],
  ['one whose output is there three seconds later', silent, [silent, stale, whole], '3s (p|)', whole],
  ['one whose data are deleted meanwhile', silent, [silent, deleted], '1s (p|)', deleted],
  ['one without an output', silent, [silent, stale, silent, silent], '7s (p|)', silent],
  ['one that the service has lost sight of', silent, [stale, stale, stale, stale], '7s (p|)', silent],
])('passes on %s', (_what, prediction, answers, picture, end) => {
  marbles(({ expectObservable, flush }) => {
    const left = [...answers];
    const getPrediction = () => defer(() => of(left.shift() ?? whole));
    const provider = fakeProvider({ getPrediction });
    const asked = of(prediction).pipe(
      askForOutput({ provider, scheduler: monotonicScheduler, random: () => 1 }),
    );
    expectObservable(asked).toBe(picture, { p: end });
    flush();
    expect(left).toEqual([]);
  })();
});

it(
  'emits the prediction unchanged if it cannot be asked for',
  marbles(({ expectObservable }) => {
    const refusal = new ProviderError('ERR_FORBIDDEN', '403', { status: 403 });
    const provider = fakeProvider({ getPrediction: () => throwError(() => refusal) });
    const asked = of(silent).pipe(askForOutput({ provider, scheduler: monotonicScheduler, random: () => 1 }));
    expectObservable(asked).toBe('(p|)', { p: silent });
  }),
);
