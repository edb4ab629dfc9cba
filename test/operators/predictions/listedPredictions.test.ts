import fc from 'fast-check';
import { defer, lastValueFrom, of, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { listedPredictions } from '../../../src/operators/predictions/listedPredictions.ts';
import type { PredictionPage } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';

/** A list of so many pages, with one prediction each; `asked` has those that were read. */
function listOf(pages: number) {
  const asked: (string | undefined)[] = [];
  const provider = fakeProvider({
    listPredictions: ({ next }) => {
      asked.push(next);
      const page = Number(next ?? 0);
      const predictions = [aPrediction({ id: `p${page}` })];
      return of({ predictions, next: page + 1 < pages ? String(page + 1) : null });
    },
  });
  return { provider, asked };
}
const idsOf = async (...args: Parameters<typeof listedPredictions>) => {
  const pages = await lastValueFrom(listedPredictions(...args).pipe(toArray()));
  return pages.flatMap(({ predictions }) => predictions.map(({ id }) => id));
};

it('reads page after page', async () => {
  const { provider, asked } = listOf(3);
  expect(await idsOf(provider, { createdAfterMs: 0 })).toEqual(['p0', 'p1', 'p2']);
  expect(asked).toEqual([undefined, '1', '2']);
});

it('reads no more than are wanted', async () => {
  const { provider, asked } = listOf(9);
  expect(await idsOf(provider, { createdAfterMs: 0, pages: 2 })).toEqual(['p0', 'p1']);
  let seen = 0;
  expect(await idsOf(provider, { createdAfterMs: 0, isEnough: () => ++seen === 3 })).toHaveLength(3);
  expect(asked).toHaveLength(2 + 3);
});

describe('a list without an end', () => {
  const read = async (pageOf: (next: string | undefined, count: number) => PredictionPage) => {
    let asked = 0;
    const provider = fakeProvider({
      listPredictions: ({ next }) => defer(async () => pageOf(next, asked++)),
    });
    const pages = await lastValueFrom(listedPredictions(provider, { createdAfterMs: 0 }).pipe(toArray()));
    return { asked, last: pages.at(-1) };
  };
  const one = [aPrediction({ id: 'p' })];
  const isEnded = { next: null, isComplete: false, leadsNowhere: true };

  it.each<[string, number, (next: string | undefined, count: number) => PredictionPage]>([
    ['a page that names itself', 2, () => ({ predictions: one, next: 'same' })],
    ['ever new names of one page', 2, (_next, count) => ({ predictions: one, next: `${count}` })],
    ['ever new empty pages', 3, (_next, count) => ({ predictions: [], next: `${count}` })],
    [
      'a circle of three pages',
      3,
      (next = 'a') => ({ predictions: [aPrediction({ id: next })], next: { a: 'b', b: 'c' }[next] ?? 'a' }),
    ],
    ['unreadable pages that name each other', 2, () => ({ predictions: [], next: 'x', unreadable: 1 })],
    [
      'ever new predictions',
      1_001,
      (_next, count) => ({ predictions: [aPrediction({ id: `${count}` })], next: `${count}` }),
    ],
  ])('ends, as incomplete: %s', async (_name, most, pageOf) => {
    const { asked, last } = await read(pageOf);
    expect(asked).toBeLessThanOrEqual(most + 1);
    expect(last).toMatchObject(isEnded);
  });

  it('is left in any case, and no page is read twice', async () => {
    const pages = fc.array(
      fc.record({
        ids: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }),
        next: fc.constantFrom('0', '1', '2', '3', null),
        unreadable: fc.integer({ min: 0, max: 1 }),
      }),
      { minLength: 4, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(pages, async (list) => {
        const seen: (string | undefined)[] = [];
        await read((next) => {
          seen.push(next);
          const {
            ids,
            next: then,
            unreadable,
          } = list[Number(next ?? 0)] ?? { ids: [], next: null, unreadable: 0 };
          return { predictions: ids.map((id) => aPrediction({ id })), next: then, unreadable };
        });
        expect(new Set(seen).size).toBe(seen.length);
      }),
    );
  });

  it('passes on the missing and unreadable predictions of its pages', async () => {
    const { last } = await read(() => ({ predictions: one, next: null, isComplete: false, unreadable: 2 }));
    expect(last).toEqual({ predictions: one, next: null, isComplete: false, unreadable: 2 });
  });
});
