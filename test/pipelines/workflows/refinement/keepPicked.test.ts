import { beforeEach, expect, it } from 'vitest';
import { keepPicked } from '../../../../src/pipelines/workflows/refinement/picks.ts';
import type { RefinementCandidate, RefinementRound } from '../../../../src/sinks/refinement/history.ts';

const candidate = (
  index: number,
  round: number,
  kept: boolean,
  score: number | null,
): RefinementCandidate => ({
  ...{ index, key: String(index), round, parent: null, status: 'saved', score, rank: null, kept },
  path: `${index}.png`,
});
const first: RefinementRound = {
  ...{ round: 0, decided: true, bestScore: 4 },
  candidates: [
    candidate(3, 0, true, 4),
    candidate(1, 0, true, 3),
    candidate(0, 0, false, 2),
    candidate(2, 0, false, null),
  ],
};
const second: RefinementRound = {
  ...{ round: 1, decided: true, bestScore: 9 },
  candidates: [candidate(5, 1, true, 9), candidate(3, 0, true, 4), candidate(1, 0, false, 3)],
};
interface Options {
  readonly left?: number;
  readonly begun?: boolean;
  readonly stopAtScore?: number | null;
}
const keep = (
  rounds: RefinementRound[],
  picks: number[],
  { left = 1, begun = false, stopAtScore = null }: Options = {},
) =>
  keepPicked(rounds, {
    ...{ picks, spec: { keep: 2, rounds: rounds.length - 1 + left, stopAtScore } },
    hasBegun: async () => begun,
    warn: (message) => void warned.push(message),
  });
let warned: string[] = [];
beforeEach(() => {
  warned = [];
});
const kept = (rounds: readonly RefinementRound[]) =>
  rounds.map(({ candidates }) => candidates.filter((one) => one.kept).map(({ index }) => index));

it('refines the picks in place of the best by score', async () => {
  expect(kept(await keep([first], [0]))).toEqual([[0]]);
  expect(kept(await keep([first], [0, 1, 1]))).toEqual([[1, 0]]);
});

it('takes picks of all rounds', async () => {
  expect(kept(await keep([first, second], [0, 5]))).toEqual([
    [3, 1],
    [5, 0],
  ]);
});

it('changes nothing if a round was made of these picks already', async () => {
  const picked = { ...first, picked: true };
  expect(kept(await keep([picked, second], [1, 3], { left: 0, begun: true }))).toEqual([
    [3, 1],
    [5, 3],
  ]);
  expect(warned).toEqual([]);
  expect(kept(await keep([picked, second], [1, 3], { left: 1 }))).toEqual([
    [3, 1],
    [5, 3],
  ]);
  expect(warned).toEqual(['Round 1 was made from your picks; round 2 goes by score.']);
});

it('takes picks that an earlier round has kept by its scores, or that others followed', async () => {
  expect(kept(await keep([first, second], [1, 3]))).toEqual([
    [3, 1],
    [3, 1],
  ]);
  const picked = [first, { ...second, picked: true }, { ...second, round: 2 }];
  expect(kept(await keep([{ ...first, picked: true }, ...picked.slice(1)], [1, 3])).at(-1)).toEqual([3, 1]);
});

it('notes picks that are the best by score too, so that they are known again', async () => {
  const rounds = await keep([first], [1, 3], { begun: true });
  expect(rounds).toEqual([{ ...first, picked: true }]);
  expect(kept(await keep([...rounds, second], [1, 3], { left: 0 }))).toHaveLength(2);
});

it.each([
  ['no candidates', [], [0], {}, 'There are no candidates yet'],
  ['too many', [first], [0, 1, 3], {}, 'Expected at most 2 picks, as many as `keep` says, got 3'],
  ['no further round', [first], [0], { left: 0 }, 'All 0 rounds of the spec are done'],
  ['a round of others', [first], [0], { begun: true }, 'Round 1 has begun with other images than your picks'],
  ['no round, as they are kept', [first], [1, 3], { left: 0 }, 'All 0 rounds of the spec are done'],
  ['no round, as others', [first, second], [1, 3], { left: 0 }, 'All 1 rounds of the spec are done'],
  ['a score that ends it', [first], [0], { stopAtScore: 4 }, '`stopAtScore: 4` ends the refinement before'],
  ['no score', [first], [2], {}, 'Image #3 of your picks has no score'],
])('refuses picks: %s', async (_name, rounds, picks, options, message) => {
  await expect(keep(rounds, picks, options)).rejects.toThrow(message);
});
