import { EMPTY, lastValueFrom, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { failedDelivery } from '../../../src/base/items/outcomeErrors.ts';
import { DeliveryError, StorageError } from '../../../src/errors.ts';
import { deliverTo } from '../../../src/operators/stages/deliverTo.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { marbles } from '../../helpers/marbles.ts';

const saved = anOutcome({ index: 1 });
const source = { s: saved };
const values = { a: ['a/1.png'], b: ['b/1.png'] };

it(
  'delivers an outcome to all destinations at the same time',
  marbles(({ cold, expectObservable }) => {
    const slow = { name: 'slow', deliver: () => cold('----(a|)', values) };
    const quick = { name: 'quick', deliver: () => cold('--(b|)', values) };
    const both = { ...saved, deliveredTo: { slow: ['a/1.png'], quick: ['b/1.png'] } };
    expectObservable(cold('(s|)', source).pipe(deliverTo([slow, quick]))).toBe('----(o|)', { o: both });
  }),
);

it(
  'lets every destination finish before the outcome has failed because of one',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const refusal = new DeliveryError('no room', { destination: 'failing' });
    const failing = { name: 'failing', deliver: () => cold<string[]>('-#', {}, refusal) };
    const good = cold('----(b|)', values);
    const destinations = [failing, { name: 'good', deliver: () => good }];
    expectObservable(cold('(s|)', source).pipe(deliverTo(destinations))).toBe('----(f|)', {
      f: failedDelivery(refusal, saved),
    });
    const onError = (error: DeliveryError) => {
      throw error;
    };
    expectObservable(cold('(s|)', source).pipe(deliverTo(destinations, { onError }))).toBe(
      '----#',
      {},
      refusal,
    );
    expectSubscriptions(good.subscriptions).toBe(['^---!', '^---!']);
  }),
);

it.each([
  ['that is empty', () => EMPTY, 'it emitted nothing'],
  ['that emits an error of its own', () => throwError(() => new TypeError('odd')), 'odd'],
  [
    'that throws',
    () => {
      throw 'a text';
    },
    'a text',
  ],
  [
    'that emits no addresses',
    () => of<never>(null as never),
    'it emitted null, expected one address in a list',
  ],
])('loses no outcome by a delivery %s', async (_how, deliver, reason) => {
  const paid = anOutcome({ index: 1, costUsd: 0.003 });
  const outcome = await lastValueFrom(of(paid).pipe(deliverTo([{ name: 'odd', deliver }])));
  expect(outcome).toMatchObject({ index: 1, status: 'failed', costUsd: 0.003 });
  expect(outcome.error).toMatchObject({
    name: 'DeliveryError',
    code: 'ERR_DELIVERY_FAILED',
    message: `odd did not take image #2: ${reason}`,
    stage: 'delivery',
  });
});

it('takes addresses from a promise', async () => {
  const deliver = async () => ['a'];
  const outcome = await lastValueFrom(of(anOutcome()).pipe(deliverTo([{ name: 'own', deliver }])));
  expect(outcome.deliveredTo).toEqual({ own: ['a'] });
});

it(
  'emits the error of a disk that refuses once the deliveries on their way have ended',
  marbles(({ cold, expectObservable }) => {
    const full = new StorageError('ERR_DISK_FULL', 'full');
    const other = anOutcome({ index: 2 });
    const deliver = ({ index }: Outcome) =>
      index === 1 ? cold<string[]>('-#', {}, full) : cold('---(a|)', values);
    expectObservable(cold('(so|)', { s: saved, o: other }).pipe(deliverTo([{ name: 'to', deliver }]))).toBe(
      '---(o#)',
      { o: { ...other, deliveredTo: { to: ['a/1.png'] } } },
      full,
    );
  }),
);

it('passes outcomes that were not saved, and all of them if there is no destination', () => {
  const passed: unknown[] = [];
  const never = { name: 'never', deliver: () => EMPTY };
  const failed = anOutcome({ status: 'failed' });
  of(failed)
    .pipe(deliverTo([never]))
    .subscribe((outcome) => passed.push(outcome));
  of(saved)
    .pipe(deliverTo([]))
    .subscribe((outcome) => passed.push(outcome));
  expect(passed).toEqual([failed, saved]);
});

it.each([
  ['none', [[]], 'it emitted [], expected one address in a list'],
  ['an empty one', [['']], 'it emitted [""], expected one address in a list'],
  ['more than it has files', [['a', 'b']], 'it emitted ["a", "b"], expected one address in a list'],
])('fails an outcome whose delivery emits %s', async (_what, addresses, reason) => {
  const delivered = of(saved).pipe(deliverTo([{ name: 'own', deliver: () => addresses }]));
  expect(await lastValueFrom(delivered)).toMatchObject({
    status: 'failed',
    error: { code: 'ERR_DELIVERY_FAILED', message: `own did not take image #2: ${reason}` },
  });
});

it.each([
  ['a text', 'x', 'a list of destinations'],
  ['no destination', [{}], 'a list of destinations'],
  [
    'one name twice',
    [
      { name: 'a', deliver: () => EMPTY },
      { name: 'a', deliver: () => EMPTY },
    ],
    'different names',
  ],
])('throws when it is called with %s', (_what, destinations, message) => {
  expect(() => deliverTo(destinations as never)).toThrow(message);
});
