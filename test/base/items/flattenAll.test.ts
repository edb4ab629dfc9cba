import { EMPTY, NEVER, Observable, of, range, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { flattenAll, inTurn } from '../../../src/base/items/flattenAll.ts';
import { marbles } from '../../helpers/marbles.ts';

it(
  'flattens so many values at a time, and the others in their order',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const inner = { a: cold('----(a|)'), b: cold('--(b|)'), c: cold('---(c|)') };
    const source = cold<keyof typeof inner>('(abc|)');
    expectObservable(source.pipe(flattenAll((value) => inner[value], { concurrency: 2 }))).toBe('--b-a(c|)');
    expectSubscriptions(inner.a.subscriptions).toBe('^---!');
    expectSubscriptions(inner.c.subscriptions).toBe('--^--!');
  }),
);

it(
  'finishes earlier values before it emits an error of the source, waiting ones too',
  marbles(({ cold, expectObservable }) => {
    const all = flattenAll((value: string) => cold(value === 'a' ? '----(a|)' : '--(b|)'), {
      concurrency: 1,
    });
    expectObservable(cold('(a#)').pipe(all)).toBe('----(a#)');
    expectObservable(cold('(ab#)').pipe(all)).toBe('----a-(b#)');
  }),
);

it(
  'drops source and line after an error of an inner Observable, and lets the others finish',
  marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
    const inner = { a: cold('----(a|)'), b: cold('--#'), c: cold('c'), d: cold('d') };
    const source = cold<keyof typeof inner>('(abc)--d---|');
    const dropped: string[] = [];
    const onDrop = (value: string) => dropped.push(value);
    const all = flattenAll((value: keyof typeof inner) => inner[value], { concurrency: 2, onDrop });
    expectObservable(source.pipe(all)).toBe('----(a#)');
    expectSubscriptions(source.subscriptions).toBe('^-!');
    expectSubscriptions(inner.c.subscriptions).toBe([]);
    flush();
    expect(dropped).toEqual(['c']);
  }),
);

it(
  'drops all at once when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
    const inner = cold('-----(a|)');
    const source = cold('(ab)--');
    const dropped: string[] = [];
    const all = flattenAll(() => inner, { concurrency: 1, onDrop: (value: string) => dropped.push(value) });
    expectObservable(source.pipe(all), '--!').toBe('---');
    expectSubscriptions(inner.subscriptions).toBe('^-!');
    expectSubscriptions(source.subscriptions).toBe('^-!');
    flush();
    expect(dropped).toEqual(['b']);
  }),
);

it(
  'passes on never and empty, and emits the error of the projector',
  marbles(({ expectObservable, cold }) => {
    const all = flattenAll(() => of('a'), { concurrency: 1 });
    expectObservable(NEVER.pipe(all), '--!').toBe('---');
    expectObservable(EMPTY.pipe(all)).toBe('|');
    const throwing = flattenAll(
      (): Observable<string> => {
        throw 'odd';
      },
      { concurrency: 1 },
    );
    expectObservable(cold('-a-|').pipe(throwing)).toBe('-#', {}, 'odd');
  }),
);

it(
  'waits only for a slot behind the line before it emits an error of the source, if it fails fast',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('    abc#');
    const inner = cold('     ----(x|)');
    const expected = '       ----x(x#)';
    expectObservable(source.pipe(flattenAll(() => inner, { concurrency: 2, failsFast: true }))).toBe(
      expected,
    );
    expectSubscriptions(inner.subscriptions).toBe(['^---!', '-^---!', '----^!']);
    expectSubscriptions(source.subscriptions).toBe('^--!');
  }),
);

it(
  'emits an error at once if nothing waits, and that of an inner Observable, if it fails fast',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const inner = cold('                                               ----(x|)');
    expectObservable(
      cold('ab-#').pipe(flattenAll(() => inner, { concurrency: Number.POSITIVE_INFINITY, failsFast: true })),
    ).toBe('---#');
    expectSubscriptions(inner.subscriptions).toBe(['                   ^--!', ' -^-!']);
    const source = cold('abc---');
    expectObservable(source.pipe(flattenAll(() => cold('--#'), { concurrency: 1, failsFast: true }))).toBe(
      '--#',
    );
    expectSubscriptions(source.subscriptions).toBe('^-!');
  }),
);

it(
  'passes on never and empty, and unsubscribes everything, if it fails fast',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const pass = flattenAll(() => NEVER, { concurrency: 1, failsFast: true });
    expectObservable(NEVER.pipe(pass), '--!').toBe('---');
    expectObservable(EMPTY.pipe(pass)).toBe('|');
    const source = cold('abc|');
    const inner = cold('----(x|)');
    expectObservable(source.pipe(flattenAll(() => inner, { concurrency: 1, failsFast: true })), '--!').toBe(
      '---',
    );
    expectSubscriptions(source.subscriptions).toBe('^-!');
    expectSubscriptions(inner.subscriptions).toBe('^-!');
  }),
);

it(
  'lets each value wait for its turn',
  marbles(({ cold, expectObservable }) => {
    expectObservable(cold('ab#').pipe(inTurn(() => cold('--|')))).toBe('--a-(b#)');
    expectObservable(cold('ab|').pipe(inTurn(() => null))).toBe('ab|');
    expectObservable(cold('ab|').pipe(inTurn(() => cold('#')))).toBe('#');
  }),
);

it('takes 100,000 inner Observables that end while they are subscribed, and promises', async () => {
  let seen = 0;
  const once = flattenAll((value: number) => of(value), { concurrency: 2 });
  range(0, 100_000)
    .pipe(once)
    .subscribe(() => {
      seen += 1;
    });
  expect(seen).toBe(100_000);
  // In line behind a slow first one, all end in one go.
  let release = () => {};
  const first = new Observable<number>((subscriber) => {
    release = () => subscriber.complete();
  });
  range(0, 100_000)
    .pipe(flattenAll((value: number) => (value === 0 ? first : of(value)), { concurrency: 1 }))
    .subscribe(() => {
      seen += 1;
    });
  release();
  expect(seen).toBe(2 * 100_000 - 1);
  const promised: number[] = [];
  await of(1, 2)
    .pipe(flattenAll(async (value) => value * 2, { concurrency: Number.POSITIVE_INFINITY }))
    .forEach((value) => {
      promised.push(value);
    });
  expect(promised).toEqual([2, 4]);
});

it('stops an endless synchronous source after an error', () => {
  const errors: unknown[] = [];
  range(0, Number.POSITIVE_INFINITY)
    .pipe(flattenAll((value) => (value === 3 ? throwError(() => 'three') : of(value)), { concurrency: 1 }))
    .subscribe({ error: (error: unknown) => errors.push(error) });
  expect(errors).toEqual(['three']);
});

it.each([0, -1, 1.5, Number.NaN])('refuses a concurrency of %s at call time', (concurrency) => {
  expect(() => flattenAll(() => EMPTY, { concurrency })).toThrow(
    new RangeError(`Expected \`concurrency\` to be an integer of 1 or more, got ${concurrency}`),
  );
});
