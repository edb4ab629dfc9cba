import fc from 'fast-check';
import { expect, it } from 'vitest';
import { refine } from '../../../../src/operators/refine.ts';
import { rankRound, type Unranked } from '../../../../src/pipelines/workflows/refinement/rankRound.ts';
import type { RefinementRound } from '../../../../src/sinks/refinement/history.ts';

const keptOf = ({ candidates }: RefinementRound) =>
  candidates.filter(({ kept }) => kept).map(({ index }) => index);
const made = (index: number, round: number, score: number | null): Unranked => ({
  ...{ index, key: `key ${index}`, round, parent: null, status: 'saved', score, path: `${index}.png` },
});

it('never lets the best score fall, and keeps the best of all', () => {
  const score = fc.option(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { freq: 5 });
  fc.assert(
    fc.property(
      fc.array(fc.array(score, { maxLength: 6 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      (given, keep) => {
        const history: RefinementRound[] = [];
        const all: Unranked[] = [];
        refine([0], {
          run: ([round = 0]) => {
            const now = (given[round] ?? []).map((value, at) => made(round * 10 + at, round, value));
            all.push(...now);
            history.push(rankRound(history.at(-1), now, { keep, decided: true }));
            return [round];
          },
          next: ([round = 0]) => [round + 1],
          rounds: given.length - 1,
        }).subscribe();
        expect(history).toHaveLength(given.length);
        const bests = history.flatMap(({ bestScore }) => bestScore ?? []);
        expect(bests).toEqual(bests.toSorted((a, b) => a - b));
        const rated = all.filter(({ score: value }) => value !== null);
        const best = rated.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0) || a.index - b.index);
        expect(keptOf(history.at(-1) as RefinementRound)).toEqual(
          best.slice(0, keep).map(({ index }) => index),
        );
      },
    ),
  );
});

it('keeps the earlier of equal ones, so that a child that is no better does not push its parent out', () => {
  const first = rankRound(undefined, [made(0, 0, 1), made(1, 0, 1)], { keep: 1, decided: true });
  const second = rankRound(first, [made(2, 1, 1)], { keep: 1, decided: true });
  expect(keptOf(second)).toEqual([0]);
  expect(second.candidates.map(({ index, rank }) => [index, rank])).toEqual([
    [0, 1],
    [2, 2],
  ]);
});
