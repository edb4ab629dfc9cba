import { EMPTY, NEVER } from 'rxjs';
import { expect, it } from 'vitest';
import { budgetTake } from '../../src/operators/budgetTake.ts';
import { createLedger } from '../../src/operators/createLedger.ts';
import { marbles } from '../marbles.ts';

it(
  'holds the price of each value as long as the budget has room',
  marbles(({ cold, expectObservable, flush }) => {
    const ledger = createLedger({ limitMicroUsd: 4 });
    const passed: [string, number | undefined][] = [];
    const taken = cold('a-b-c|').pipe(budgetTake(ledger, () => 2));
    taken.subscribe(({ value, reservation }) => passed.push([value, reservation?.microUsd]));
    expectObservable(cold('a-b-c|')).toBe('a-b-c|');
    flush();
    expect(passed).toEqual([
      ['a', 2],
      ['b', 2],
      ['c', undefined],
    ]);
  }),
);

it(
  'passes on never, empty and errors',
  marbles(({ cold, expectObservable }) => {
    const take = () => budgetTake<string>(createLedger({ limitMicroUsd: 1 }), () => 1);
    expectObservable(NEVER.pipe(take()), '--!').toBe('---');
    expectObservable(EMPTY.pipe(take())).toBe('|');
    expectObservable(cold('-#').pipe(take())).toBe('-#');
  }),
);

it(
  'emits what the price function throws, and a price that is no amount of money',
  marbles(({ cold, expectObservable }) => {
    const ledger = createLedger({ limitMicroUsd: 1 });
    const failing = () => {
      throw 'price';
    };
    expectObservable(cold('a').pipe(budgetTake(ledger, failing))).toBe('#', undefined, 'price');
    const wrong = new RangeError(
      'Expected `microUsd` to be whole millionths of a US dollar, 0 or more, got 0.5',
    );
    expectObservable(cold('a').pipe(budgetTake(ledger, () => 0.5))).toBe('#', undefined, wrong);
  }),
);
