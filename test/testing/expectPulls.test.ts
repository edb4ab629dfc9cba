import { from, lastValueFrom, map, mergeMap, NEVER, of, tap, timer, toArray } from 'rxjs';
import { expect, expectTypeOf, it } from 'vitest';
import { pullMap } from '../../src/operators/pullMap.ts';
import { countPulls } from '../../src/testing/countPulls.ts';
import { expectPulls } from '../../src/testing/expectPulls.ts';
import { marbles } from '../helpers/marbles.ts';

it(
  'knows each pull and its moment: the picture of its documentation',
  marbles(({ cold, expectObservable, flush }) => {
    const source = countPulls(['a', 'b', 'c']);
    const work = (name: string) => cold('----(x|)', { x: name }).pipe(tap({ complete: source.finish }));
    const pulls = '    (ab)(c|)';
    const expected = ' ----(ab)(c|)';
    expectObservable(pullMap(source, work, { concurrency: 2 })).toBe(expected);
    flush();
    expectPulls(source, { pulled: 3, ahead: 2, order: ['a', 'b', 'c'], returned: false, frames: pulls });
  }),
);

it(
  'finds that a source was read further than it should be',
  marbles(({ cold, expectObservable, flush }) => {
    const source = countPulls(['a', 'b', 'c']);
    const work = (name: string) => cold('----(x|)', { x: name }).pipe(tap({ complete: source.finish }));
    expectObservable(from(source).pipe(mergeMap(work, 2))).toBe('----(ab)(c|)');
    flush();
    expect(() => expectPulls(source, { ahead: 2 })).toThrow('Expected\n  { ahead: 2 }\ngot\n  { ahead: 3 }');
    expect(() => expectPulls(source, { frames: '(ab)(c|)' })).toThrow(
      "got\n  0ms: next 'a'\n  0ms: next 'b'\n  0ms: next 'c'\n  0ms: complete",
    );
  }),
);

it(
  'shows that a source was closed before its end',
  marbles(({ cold, hot, expectObservable, flush }) => {
    const source = countPulls([1, 2, 3]);
    const stop = hot('-s');
    const work = () => cold('---(x|)');
    expectObservable(pullMap(source, work, { concurrency: 1, stop })).toBe('---(x|)');
    flush();
    expectPulls(source, { pulled: 1, returned: true, frames: 'a!' });
    expectPulls(source, { frames: 'n!', values: { n: 1 } });
    expect(() => expectPulls(source, { frames: 'a-!' })).toThrow("1ms: error 'closed before its end'");
  }),
);

it('wraps asynchronous sources too', async () => {
  async function* numbers() {
    for (let n = 0; ; n += 1) yield n;
  }
  const source = countPulls(numbers());
  const work = (n: number) =>
    n < 5
      ? timer(1).pipe(
          map(() => n),
          tap({ complete: source.finish }),
        )
      : NEVER;
  const subscription = pullMap(source, work, { concurrency: 3 }).subscribe();
  await expect.poll(() => source.pulls.length).toBe(8);
  expectPulls(source, { pulled: 8, ahead: 3, order: [0, 1, 2, 3, 4, 5, 6, 7], returned: false });
  subscription.unsubscribe();
  expectPulls(source, { pulled: 8, returned: true });
});

it('pulls from the wrapped source only on demand, and closes it', async () => {
  const seen: string[] = [];
  function* letters() {
    try {
      for (const letter of 'abc') {
        seen.push(letter);
        yield letter;
      }
    } finally {
      seen.push('closed');
    }
  }
  const source = countPulls(letters());
  expect(seen).toEqual([]);
  for (const letter of source) if (letter === 'b') break;
  expect(seen).toEqual(['a', 'b', 'closed']);
  expectPulls(source, { order: ['a', 'b'], returned: true });
});

it('compares by the given assertion', () => {
  const compared: unknown[] = [];
  const source = countPulls([1]);
  expectPulls(source, { pulled: 2 }, { assertEqual: (...both) => compared.push(...both) });
  expect(compared).toEqual([{ pulled: 0 }, { pulled: 2 }]);
});

it('keeps the types of the source', async () => {
  const source = countPulls(new Set([1]));
  expectTypeOf(source).toExtend<Iterable<number>>();
  expectTypeOf(countPulls((async function* () {})())).toExtend<AsyncIterable<never>>();
  // @ts-expect-error the items are numbers
  expect(() => expectPulls(source, { order: ['a'] })).toThrow('Expected');
  expect(await lastValueFrom(pullMap(source, (n) => of(n + 1), { concurrency: 1 }).pipe(toArray()))).toEqual([
    2,
  ]);
});
