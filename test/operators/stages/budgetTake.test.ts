import { EMPTY, map, NEVER } from 'rxjs';
import { expect, it } from 'vitest';
import { budgetTake, createLedger } from '../../../src/operators/stages/budgetTake.ts';
import { marbles } from '../../helpers/marbles.ts';

it(
  'holds the price of each value as long as the budget has room',
  marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
    const ledger = createLedger({ limitMicroUsd: 4 });
    const values = cold('a-b-c|');
    const prices: (number | undefined)[] = [];
    const taken = values.pipe(
      budgetTake(ledger, () => 2),
      map(({ value, reservation }) => {
        prices.push(reservation?.microUsd);
        return value;
      }),
    );
    expectObservable(taken).toBe('a-b-c|');
    expectSubscriptions(values.subscriptions).toBe('^----!');
    flush();
    expect(prices).toEqual([2, 2, undefined]);
    expect(ledger.reservedMicroUsd).toBe(2 + 2);
  }),
);

it(
  'passes on never, empty and errors, and stops when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const take = () => budgetTake<string>(createLedger({ limitMicroUsd: 1 }), () => 1);
    expectObservable(NEVER.pipe(take()), '--!').toBe('---');
    expectObservable(EMPTY.pipe(take())).toBe('|');
    expectObservable(cold('-#').pipe(take())).toBe('-#');
    const endless = cold('-a-----');
    expectObservable(
      endless.pipe(
        take(),
        map(({ value }) => value),
      ),
      '---!',
    ).toBe('-a--');
    expectSubscriptions(endless.subscriptions).toBe('^--!');
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
