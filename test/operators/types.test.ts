import { lastValueFrom, type Observable, type OperatorFunction, of, throwError, toArray } from 'rxjs';
import { expect, expectTypeOf, it } from 'vitest';
import { adaptivePoll } from '../../src/operators/adaptivePoll.ts';
import { type Cached, cachedBy } from '../../src/operators/cachedBy.ts';
import { fallbackTo } from '../../src/operators/fallbackTo.ts';
import { createGate, gate } from '../../src/operators/gate.ts';
import { inWaves } from '../../src/operators/inWaves.ts';
import { keepBest } from '../../src/operators/keepBest.ts';
import { pullMap } from '../../src/operators/pullMap.ts';
import { refine } from '../../src/operators/refine.ts';
import { requeue } from '../../src/operators/requeue.ts';
import { retryBackoff } from '../../src/operators/retryBackoff.ts';

const all = <T>(stream: Observable<T>): Promise<T[]> => lastValueFrom(stream.pipe(toArray()));
async function* numbers() {
  yield 1;
}

it('projectors may return promises, Observables, arrays and iterators, or some of each', async () => {
  const promised = pullMap(['a'], async (value, index) => ({ value, index }), { concurrency: 1 });
  expectTypeOf(promised).toEqualTypeOf<Observable<{ value: string; index: number }>>();
  expect(await all(promised)).toEqual([{ value: 'a', index: 0 }]);

  const mixed = pullMap(numbers(), (n) => (n === 1 ? Promise.resolve('p') : of(n)), { concurrency: 1 });
  expectTypeOf(mixed).toEqualTypeOf<Observable<string | number>>();
  expect(await all(mixed)).toEqual(['p']);

  const listed = inWaves(new Set([1]), (n) => [n, `${n}`], { waveSize: 1, pauseMs: 0 });
  expectTypeOf(listed).toEqualTypeOf<Observable<string | number>>();
  expect(await all(listed)).toEqual([1, '1']);

  const generated = requeue([1], () => numbers(), { concurrency: 1, retries: 0 });
  expectTypeOf(generated).toEqualTypeOf<Observable<number>>();
  expect(await all(generated)).toEqual([1]);
});

it('rounds infer items and results', async () => {
  const refined = refine([1, 2], {
    run: (items) => pullMap(items, async (item) => `made ${item}`, { concurrency: 2 }),
    next: (results) => {
      expectTypeOf(results).toEqualTypeOf<readonly string[]>();
      return results.map((result) => result.length);
    },
    rounds: 1,
    stop: new Promise(() => {}),
  });
  expectTypeOf(refined).toEqualTypeOf<Observable<string>>();
  expect(await all(refined)).toEqual(['made 1', 'made 2', 'made 6', 'made 6']);
});

it('a fallback may have a type of its own', async () => {
  const source: Observable<number> = throwError(() => 'busy');
  const either = source.pipe(fallbackTo([Promise.resolve('other')]));
  expectTypeOf(either).toEqualTypeOf<Observable<string | number>>();
  expect(await all(either)).toEqual(['other']);
  expectTypeOf(fallbackTo<number>([])).toEqualTypeOf<OperatorFunction<number, number>>();
});

it('operators fit into a pipe without type arguments', async () => {
  const values = of(3, 1, 2).pipe(
    gate(createGate(1)),
    retryBackoff(),
    keepBest(2, { scoreOf: (n) => n }),
    cachedBy({ keyOf: (n) => `${n}`, make: async (n) => ({ n }) }),
  );
  expectTypeOf(values).toEqualTypeOf<Observable<Cached<{ n: number }>>>();
  expect((await all(values)).map(({ result }) => result.n)).toEqual([3, 2]);

  const polled = adaptivePoll(async () => 1, { isDone: (n) => n === 1, onTimeout: () => [0], startingMs: 1 });
  expectTypeOf(polled).toEqualTypeOf<Observable<number>>();
  expect(await all(polled)).toEqual([1]);
});
