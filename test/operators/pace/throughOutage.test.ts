import { defer, of, throwError, timer } from 'rxjs';
import { expect, it } from 'vitest';
import { monotonicScheduler } from '../../../src/base/monotonicScheduler.ts';
import type { Outage } from '../../../src/operators/pace/outage.ts';
import { throughOutage } from '../../../src/operators/pace/throughOutage.ts';
import { marbles } from '../../helpers/marbles.ts';

/** An outage that is known from the first failure to a moment. */
function outageUntil(endMs: number, now = () => monotonicScheduler.now()): Outage {
  let hasFailed = false;
  const isAway = () => hasFailed && now() < endMs;
  return {
    admit: () => defer(() => (isAway() ? timer(endMs - now()) : of(0))),
    responded: () => {},
    failed: () => {
      hasFailed = true;
    },
    get isAway() {
      return isAway();
    },
  } as Partial<Outage> as Outage;
}
const isAway = (error: unknown) => (error === 'away' ? true : error === 'odd' ? null : false);

it(
  'makes a call again once the outage in which it failed is over',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const outage = outageUntil(11);
    const failed = cold('               --#', {}, 'away');
    const made = cold('                            --(a|)');
    const calls = [failed, made];
    const call = () => defer(() => calls.shift() ?? of('none'));
    expectObservable(throughOutage(outage, call, isAway)).toBe('-------------(a|)');
    expectSubscriptions(failed.subscriptions).toBe('^-!');
    expectSubscriptions(made.subscriptions).toBe('  -----------^-!');
  }),
);

it.each(['refused', 'odd'])('emits an error that no outage explains: %s', (error) => {
  marbles(({ cold, expectObservable }) => {
    const call = () => cold('--#', {}, error);
    expectObservable(throughOutage(outageUntil(11), call, isAway)).toBe('--#', {}, error);
  })();
});

it('emits the error of a call outside of outages, and that of an outage that lasts too long', () => {
  marbles(({ cold, expectObservable }) => {
    const up = { ...outageUntil(0, () => 1), isAway: false };
    expectObservable(throughOutage(up, () => cold('-#', {}, 'away'), isAway)).toBe('-#', {}, 'away');
    const given = { ...up, isAway: true, admit: () => throwError(() => 'too long') };
    expectObservable(throughOutage(given, () => cold('a|'), isAway)).toBe('#', {}, 'too long');
  })();
});

it('reports how each call ended', () => {
  const told: unknown[] = [];
  const outage = {
    ...outageUntil(0, () => 1),
    admit: () => of(7),
    responded: (madeAtMs?: number) => told.push(madeAtMs),
    failed: (error: unknown) => told.push(error),
  };
  for (const end of ['a', 'refused', 'odd', 'away']) {
    const call = () => (end === 'a' ? of(end) : throwError(() => end));
    throughOutage(outage, call, isAway).subscribe({ error: () => {} });
  }
  // Made, refused by a response, unknown, and without a response.
  expect(told).toEqual([7, 7, 'away']);
});
