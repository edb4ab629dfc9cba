import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { blindPairs, readVotes } from '../../../src/sinks/comparison/blindVotes.ts';
import type { Vote } from '../../../src/sinks/comparison/votes.ts';
import { distinctBallots, tallyVotes } from '../../../src/sinks/comparison/votes.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const vote = (winner: string | null, variants: [string, string] = ['A', 'B']): Vote => ({
  prompt: 'p',
  variants,
  winner,
});
const axes = { rows: 'prompt', columns: 'variant' };

function picture(row: number, variant: string): Outcome {
  const file = { role: 'original', name: 'original', width: 8, height: 8, format: 'png', bytes: 1 } as const;
  const path = `${variant}-${row}.png`;
  return anOutcome({
    index: row * 10 + variant.charCodeAt(0),
    prompt: `prompt ${row}`,
    tags: { prompt: `row ${row}`, variant },
    files: [{ ...file, path, sha256: path.padEnd(64, '0') }],
  });
}
async function* each(outcomes: readonly Outcome[]) {
  yield* outcomes;
}
const many = Array.from({ length: 40 }, (_, row) =>
  ['A', 'B', 'C'].map((variant) => picture(row, variant)),
).flat();

it('counts wins, losses and ties, with the interval of published tables', () => {
  const votes = [...Array(8).fill(vote('A')), ...Array(2).fill(vote('B'))];
  const [a, b] = tallyVotes(votes);
  // Wilson, 8 of 10: 0.4902 to 0.9433.
  expect(a).toMatchObject({ variant: 'A', wins: 8, losses: 2, ties: 0, winRate: 0.8 });
  expect([a?.low, a?.high].map((share) => share?.toFixed(4))).toEqual(['0.4902', '0.9433']);
  expect(b).toMatchObject({ variant: 'B', wins: 2, losses: 8, winRate: 0.2 });
  expect(tallyVotes([vote(null)])).toMatchObject([
    { ties: 1, winRate: 0.5 },
    { ties: 1, winRate: 0.5 },
  ]);
  expect(tallyVotes([])).toEqual([]);
});

it('has every vote once for each of its two variants, and intervals around the rate', () => {
  const anyVote = fc
    .tuple(fc.constantFrom('A', 'B', 'C'), fc.constantFrom('D', 'E'), fc.constantFrom(0, 1, null))
    .map(([one, two, winner]) => vote(winner === null ? null : ([one, two][winner] ?? null), [one, two]));
  fc.assert(
    fc.property(fc.array(anyVote, { minLength: 1 }), (votes) => {
      const tally = tallyVotes(votes);
      const answers = tally.map(({ wins, losses, ties }) => wins + losses + ties);
      expect(answers.reduce((sum, count) => sum + count, 0)).toBe(2 * votes.length);
      for (const { low, high, winRate } of tally) {
        expect(0 <= low && low <= winRate + 1e-12 && winRate <= high + 1e-12 && high <= 1).toBe(true);
      }
    }),
  );
});

it('pairs every two variants of every prompt, shuffled the same each time, on either side', async () => {
  const { pairs, run } = await blindPairs(each(many), 'x', axes);
  expect(pairs).toHaveLength(120);
  const names = pairs.map(
    ({ prompt, left, right }) => `${prompt} ${[left.variant, right.variant].sort().join('')}`,
  );
  expect(new Set(names).size).toBe(120);
  expect(names).not.toEqual(names.toSorted());
  const firstOnLeft = pairs.filter(({ left, right }) => left.variant < right.variant).length;
  expect(firstOnLeft).toBeGreaterThan(40);
  expect(firstOnLeft).toBeLessThan(80);
  expect(await blindPairs(each(many), 'x', axes)).toEqual({ name: 'x', pairs, run });
  expect((await blindPairs(each(many.slice(1)), 'x', axes)).run).not.toBe(run);
});

it('refuses files without votes, and votes on other images', async () => {
  const path = join(folder(), 'votes.json');
  const reading = async (content: unknown) => {
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return readVotes(path, 'r');
  };
  expect((await reading({ run: 'r', votes: [vote('A')] })).votes).toHaveLength(1);
  await expect(reading({ run: 'other', votes: [] })).rejects.toThrow('got votes on another (other)');
  await expect(reading({ run: 'r', votes: [vote('Z')] })).rejects.toThrow('whose votes.0.winner is');
  await expect(reading('{')).rejects.toThrow('got a file that is not JSON');
  await expect(reading([])).rejects.toThrow('got other JSON');
  await expect(readVotes(join(folder(), 'none.json'), 'r')).rejects.toThrow(UsageError);
});

it('is a script', async () => {
  await writeFile(
    join(folder(), 'manifest.jsonl'),
    many.map((outcome) => `${JSON.stringify(outcome)}\n`).join(''),
  );
  const { run } = await blindPairs(each(many), '', axes);
  await writeFile(join(folder(), 'a.json'), JSON.stringify({ run, votes: [vote('A'), vote('A')] }));
  await writeFile(join(folder(), 'b.json'), JSON.stringify({ run, votes: [vote('B'), vote(null)] }));
  const script = (...words: string[]) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((done) => {
      const argv = [resolve('pipelines/votes.ts'), folder(), ...words];
      execFile(process.execPath, argv, { env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) =>
        done({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
  const { code, stdout } = await script(join(folder(), 'a.json'), join(folder(), 'b.json'));
  expect(code).toBe(0);
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    '4 votes from 2 people',
    'variant  better  worse  equal  win rate  95 % interval',
    'A             2      1      1      63 %   22 % to 91 %',
  ]);
  expect((await script()).code).toBe(2);
  expect((await script('nowhere.json')).stderr).toContain(
    'nowhere.json: Expected votes that ab.html has exported, got no file of that name',
  );
});

it('counts each person once: the export with the most votes, and identical files as one', () => {
  const run = 'r';
  const early = { run, ballot: 'a', votes: [vote('A')] };
  const late = { run, ballot: 'a', voter: 'Anna', votes: [vote('A'), vote('B')] };
  const other = { run, ballot: 'b', votes: [vote('A')] };
  const old = { run, votes: [vote(null)] };
  expect(distinctBallots([late, early, other, old, old])).toEqual([late, other, old]);
});
