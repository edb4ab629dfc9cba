import { EMPTY, from, map, NEVER, of } from 'rxjs';
import { expect, it } from 'vitest';
import { type Failed, type Item, isFailed } from '../../../src/base/items/item.ts';
import { budgetTake, createLedger } from '../../../src/operators/stages/budgetTake.ts';
import { aRequest } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';

const requests = { a: aRequest(), b: aRequest(), c: aRequest(), d: aRequest({ model: 'owner/dear' }) };

it(
  'holds the price of each value as long as the budget has room',
  marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
    const ledger = createLedger({ limitMicroUsd: 4 });
    const values = cold('a-b-c|', requests);
    const items: (Item | Failed)[] = [];
    const taken = values.pipe(
      budgetTake(ledger, { priceOf: () => 2 }),
      map((item) => {
        items.push(item);
        return item.index;
      }),
    );
    expectObservable(taken).toBe('a-b-c|', { a: 0, b: 1, c: 2 });
    expectSubscriptions(values.subscriptions).toBe('^----!');
    flush();
    expect(items.map(({ reservation }) => reservation?.microUsd)).toEqual([2, 2, undefined]);
    expect(items.map(({ request }) => request)).toEqual([requests.a, requests.b, requests.c]);
    expect(items[2]).toMatchObject({
      error: expect.objectContaining({
        code: 'ERR_OVER_BUDGET',
        message: 'The rest of the budget does not cover this image ($0.000002).',
      }),
      stage: 'creation',
      costMicroUsd: 0,
    });
    expect(ledger.reservedMicroUsd).toBe(2 + 2);
  }),
);

it(
  'takes the next value when a reservation is closed, so that no money is held for the whole source',
  marbles(({ cold, expectObservable, flush }) => {
    const ledger = createLedger({ limitMicroUsd: 10 });
    const held: number[] = [];
    const taken = cold('(abc|)', requests).pipe(
      budgetTake(ledger, { priceOf: () => 2, concurrency: 1 }),
      map((item) => {
        held.push(ledger.reservedMicroUsd);
        cold('---s').subscribe(() => item.reservation?.settle(1));
        return item.index;
      }),
    );
    expectObservable(taken).toBe('a--b--(c|)', { a: 0, b: 1, c: 2 });
    flush();
    expect(held).toEqual([2, 2, 2]);
    expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([0, 3]);
  }),
);

it('takes 20,000 values whose reservations are closed at once', () => {
  const ledger = createLedger({ limitMicroUsd: 10 });
  let taken = 0;
  const many = Array.from({ length: 20_000 }, () => requests.a);
  from(many)
    .pipe(budgetTake(ledger, { priceOf: () => 2, concurrency: 1 }))
    .subscribe((item) => {
      taken += 1;
      item.reservation?.release();
    });
  expect(taken).toBe(20_000);
});

it('refuses a value without a price if there is a limit, and takes it if there is none', () => {
  const takenBy = (limitMicroUsd: number) => {
    const items: (Item | Failed)[] = [];
    of(requests.d)
      .pipe(budgetTake(createLedger({ limitMicroUsd })))
      .subscribe((item) => items.push(item));
    return items[0];
  };
  const refused = takenBy(10);
  expect(refused !== undefined && isFailed(refused) && refused.error.message).toBe(
    'No price is known for owner/dear, and there is a budget to keep.',
  );
  expect(takenBy(Number.POSITIVE_INFINITY)?.reservation?.microUsd).toBe(0);
});

it('refuses a value that has no price in a table, even if its type allows it', () => {
  const prices: Record<string, number> = {};
  const priceOf = ({ model }: { model: string }) => prices[model] as number;
  const ledger = createLedger({ limitMicroUsd: 10 });
  const items: (Item | Failed)[] = [];
  of(requests.a)
    .pipe(budgetTake(ledger, { priceOf }))
    .subscribe((item) => items.push(item));
  expect(items.map((item) => isFailed(item) && item.error.message)).toEqual([
    `No price is known for ${requests.a.model}, and there is a budget to keep.`,
  ]);
  expect(ledger.reserve(undefined as never)).toBeNull();
});

it('has the price of a plan from the plan', () => {
  const ledger = createLedger({ limitMicroUsd: 10 });
  of({ ...requests.a, priceMicroUsd: 7 })
    .pipe(budgetTake(ledger))
    .subscribe();
  expect(ledger.reservedMicroUsd).toBe(7);
});

it(
  'passes on never, empty and errors, and stops when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const take = () => budgetTake(createLedger({ limitMicroUsd: 1 }), { priceOf: () => 1 });
    expectObservable(NEVER.pipe(take()), '--!').toBe('---');
    expectObservable(EMPTY.pipe(take())).toBe('|');
    expectObservable(cold<never>('-#').pipe(take())).toBe('-#');
    const endless = cold('-a-----', requests);
    expectObservable(
      endless.pipe(
        take(),
        map(({ request }) => request),
      ),
      '---!',
    ).toBe('-a--', requests);
    expectSubscriptions(endless.subscriptions).toBe('^--!');
  }),
);

it(
  'emits the error of the price function, and one for a price that is no amount of money',
  marbles(({ cold, expectObservable }) => {
    const ledger = createLedger({ limitMicroUsd: 1 });
    const failing = () => {
      throw 'price';
    };
    expectObservable(cold('a', requests).pipe(budgetTake(ledger, { priceOf: failing }))).toBe(
      '#',
      undefined,
      'price',
    );
    const wrong = new RangeError(
      'Expected `microUsd` to be whole millionths of a US dollar, 0 or more, got 0.5',
    );
    expectObservable(cold('a', requests).pipe(budgetTake(ledger, { priceOf: () => 0.5 }))).toBe(
      '#',
      undefined,
      wrong,
    );
  }),
);
