import { EMPTY, of } from 'rxjs';
import { expect, it } from 'vitest';
import { deliverTo } from '../../../src/operators/stages/deliverTo.ts';
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
  'lets every destination finish before it emits the error of one',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const failing = { name: 'failing', deliver: () => cold<string[]>('-#', {}, 'no room') };
    const good = cold('----(b|)', values);
    const destinations = [failing, { name: 'good', deliver: () => good }];
    expectObservable(cold('(s|)', source).pipe(deliverTo(destinations))).toBe('----#', {}, 'no room');
    expectSubscriptions(good.subscriptions).toBe('^---!');
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
