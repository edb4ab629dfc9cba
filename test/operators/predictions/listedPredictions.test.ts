import { lastValueFrom, of, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { listedPredictions } from '../../../src/operators/predictions/listedPredictions.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';

/** A list of so many pages, with one prediction each; `asked` says which were read. */
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
