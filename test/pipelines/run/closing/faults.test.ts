import { delay, map, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../../src/errors.ts';
import { atEnd, endOrFault, withTotals } from '../../../../src/pipelines/run/closing/faults.ts';
import type { FinishedRun } from '../../../../src/pipelines/run/closing/results.ts';
import { marbles } from '../../../helpers/marbles.ts';

const totals = {
  total: 2,
  saved: 1,
  failed: 0,
  skipped: 1,
  alreadySaved: 0,
  costUsd: 0,
  costIncomplete: false,
};
const fault = new ProviderError('ERR_NO_CREDIT', 'no credit');
const endWith = (error: unknown) => ({ totals, fault: error }) as FinishedRun;

describe('endOrFault', () => {
  it(
    'emits the end, then its fault with the totals',
    marbles(({ cold, expectObservable }) => {
      const e = endWith(fault);
      expectObservable(cold('  ---(e|)', { e }).pipe(endOrFault())).toBe('---(e#)', { e }, fault);
      expect(withTotals(fault, totals)).toMatchObject({ code: 'ERR_NO_CREDIT', totals });
    }),
  );

  it(
    'passes an end without a fault on',
    marbles(({ cold, expectObservable }) => {
      const e = endWith(null);
      expectObservable(cold('  ---(e|)', { e }).pipe(endOrFault())).toBe('---(e|)', { e });
    }),
  );
});

it(
  'atEnd works on the end before the error behind it comes',
  marbles(({ cold, expectObservable }) => {
    const e = endWith(fault);
    const w = { ...e, elapsedMs: 7 };
    const source = cold('  ---(e|)', { e }).pipe(endOrFault());
    const worked = source.pipe(
      atEnd((end) =>
        of(end).pipe(
          delay(3),
          map(() => w),
        ),
      ),
    );
    expectObservable(worked).toBe('------(w#)', { w }, fault);
  }),
);

it.each([['a text'], [undefined], [Object.freeze(new Error('frozen'))]])(
  'withTotals makes an error of %s',
  (thrown) => {
    expect(withTotals(thrown, totals)).toMatchObject({ totals, cause: thrown });
  },
);
