import { concatMap, EMPTY, finalize, lastValueFrom, map, NEVER, of, throwError, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { type Cached, cachedBy, createSingleFlight } from '../../src/operators/cachedBy.ts';
import { marbles } from '../helpers/marbles.ts';

const shown = map(({ result, origin }: Cached<string>) => `${origin} ${result}`);
const keyOf = (value: string) => value;

it(
  'makes equal values once if they come at the same time',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const values = cold('    a-a---b|');
    const work = cold('      ----(r|)');
    const expected = '       ----(rs)--(q|)';
    const made = values.pipe(
      cachedBy({ keyOf, make: (value) => work.pipe(map(() => `of ${value}`)) }),
      shown,
    );
    expectObservable(made).toBe(expected, { r: 'made of a', s: 'shared of a', q: 'made of b' });
    expectSubscriptions(work.subscriptions).toBe(['^---!', '------^---!']);
  }),
);

it(
  'makes a value without a key each time',
  marbles(({ cold, expectObservable }) => {
    const made = cold('aa|').pipe(cachedBy({ keyOf: () => null, make: () => cold('--(r|)') }), shown);
    expectObservable(made).toBe('--r(s|)', { r: 'made r', s: 'made r' });
  }),
);

it('uses stored results, and stores a new one before it is emitted', () => {
  const kept = new Map([['old', 'from before']]);
  const log: string[] = [];
  of('old', 'new', 'new')
    .pipe(
      cachedBy({
        keyOf,
        find: (key) => of(kept.get(key) ?? null),
        make: (value) => of(`made ${value}`),
        keep: (key, result) => {
          log.push(`keep ${key}`);
          kept.set(key, result);
          return EMPTY;
        },
      }),
      shown,
    )
    .subscribe((line) => log.push(line));
  expect(log).toEqual(['kept from before', 'keep new', 'made made new', 'kept made new']);
});

it('makes a value if find emits nothing, and stores no failure', () => {
  const keeps: string[] = [];
  const errors: unknown[] = [];
  of('a')
    .pipe(
      cachedBy({
        keyOf,
        find: () => EMPTY,
        make: () => throwError(() => 'refused'),
        keep: (key) => of(keeps.push(key)),
      }),
    )
    .subscribe({ error: (error) => errors.push(error) });
  expect([keeps, errors]).toEqual([[], ['refused']]);
});

it(
  'shares across pipes that have the same flights',
  marbles(({ cold, expectObservable }) => {
    const flights = createSingleFlight<Cached<string>>();
    const pipe = () => cachedBy({ keyOf, make: () => cold<string>('---(r|)'), flights });
    expectObservable(cold(' (a|)').pipe(pipe(), shown)).toBe(' ---(r|)', { r: 'made r' });
    expectObservable(cold('-(a|)').pipe(pipe(), shown)).toBe(' ---(r|)', { r: 'shared r' });
  }),
);

it(
  'asks the store again once nothing else makes the same result',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const stored = [null, 'r'];
    const turn = cold('  ---(g|)');
    const work = cold('  --(w|)');
    const expected = '   ---(k|)';
    const found = cold(' (a|)').pipe(
      cachedBy({
        keyOf,
        find: () => of(stored.shift() ?? null),
        alone: (_key, _value, make) => turn.pipe(concatMap(() => make)),
        make: () => work,
      }),
      shown,
    );
    expectObservable(found).toBe(expected, { k: 'kept r' });
    expectSubscriptions(work.subscriptions).toBe([]);
  }),
);

it(
  'makes it if there is none then, while it is alone, for all equal values at once',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const values = cold('aa|');
    const turn = cold('  ---(g|)');
    const work = cold('  --(w|)');
    const expected = '   -----(rs|)';
    const turns: string[] = [];
    const made = values.pipe(
      cachedBy({
        keyOf,
        alone: (key, value, make) => {
          turns.push(`${key} ${value}`);
          return turn.pipe(concatMap(() => make));
        },
        make: () => work,
      }),
      shown,
      finalize(() => expect(turns).toEqual(['a a'])),
    );
    expectObservable(made).toBe(expected, { r: 'made w', s: 'shared w' });
    expectSubscriptions(work.subscriptions).toBe(['---^-!']);
  }),
);

it(
  'makes as many at the same time as it is asked to; the others wait in a queue',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const work = cold('                 ----(w|)');
    const values = cold('               (abc|)');
    const made = cachedBy({ keyOf, make: () => work, concurrency: 2 });
    expectObservable(values.pipe(made, shown)).toBe('----(xx)(x|)', { x: 'made w' });
    expectSubscriptions(work.subscriptions).toBe(['^---!', '^---!', '----^---!']);
    expect(() => cachedBy({ keyOf, make: () => work, concurrency: 0 })).toThrow('`concurrency`');
  }),
);

it('takes promises', async () => {
  const kept = new Map([['a', 'stored']]);
  const cached = of('a', 'b').pipe(
    cachedBy({
      keyOf,
      find: async (key) => kept.get(key) ?? null,
      make: async (value) => `made ${value}`,
      keep: async (key, result) => kept.set(key, result),
      alone: (_key, _value, make) => lastValueFrom(make),
    }),
    toArray(),
  );
  expect((await lastValueFrom(cached)).map(({ result }) => result)).toEqual(['stored', 'made b']);
  expect(kept.get('b')).toBe('made b');
});

it('does not wait for anything if the result is stored', () => {
  const seen: unknown[] = [];
  of('a')
    .pipe(cachedBy({ keyOf, find: () => of('r'), alone: () => NEVER, make: () => NEVER }))
    .subscribe((cached) => seen.push(cached));
  expect(seen).toEqual([{ result: 'r', origin: 'kept' }]);
});
