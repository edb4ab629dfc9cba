import { EMPTY, NEVER, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { createGovernor } from '../../../src/operators/pace/governor.ts';
import { paced } from '../../../src/operators/pace/paced.ts';
import { marbles } from '../../helpers/marbles.ts';

const oneInFiveMs = { perMinute: 12_000, burst: 1 };

it(
  'delays each value until the governor lets it pass, those of other pipes included',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const governor = createGovernor(oneInFiveMs);
    const source = cold(' (ab|)');
    const other = cold('  (cd|)');
    expectObservable(source.pipe(paced(governor))).toBe('a----(b|)');
    expectObservable(other.pipe(paced(governor))).toBe(' ----------c----(d|)');
    expectSubscriptions(source.subscriptions).toBe('     (^!)');
  }),
);

it(
  'passes on never, empty, one, and an error after the values before it',
  marbles(({ cold, expectObservable }) => {
    const pass = () => paced<string>(createGovernor(oneInFiveMs));
    expectObservable(NEVER.pipe(pass()), '--!').toBe('---');
    expectObservable(EMPTY.pipe(pass())).toBe('|');
    expectObservable(cold('-a|').pipe(pass())).toBe('-a|');
    expectObservable(cold('(ab#)').pipe(pass())).toBe('a----(b#)');
  }),
);

it(
  'steps out of the line when it is unsubscribed',
  marbles(({ cold, expectObservable }) => {
    const governor = createGovernor(oneInFiveMs);
    expectObservable(cold('(abc)').pipe(paced(governor)), '---!').toBe('a---');
    expectObservable(cold('-d|').pipe(paced(governor))).toBe('-----(d|)');
  }),
);

it('ends with the error of a governor that gives up', () => {
  const errors: unknown[] = [];
  of('a', 'b')
    .pipe(paced({ admit: () => throwError(() => 'too long') }))
    .subscribe({ error: (error) => errors.push(error) });
  expect(errors).toEqual(['too long']);
});

it('reports to the governor that no request is in flight', () => {
  let over = 0;
  const ticket = { accepted() {}, refused() {}, over: () => over++ };
  of('a', 'b')
    .pipe(paced({ admit: () => of(ticket) }))
    .subscribe();
  expect(over).toBe(2);
});
