import { expect, it, onTestFinished } from 'vitest';
import { sharedImageMemory } from '../../src/images/imageMemory.ts';
import { originals } from '../helpers/originals.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';
import { openJudge } from './judge.ts';
import { mutants } from './mutate.ts';
import { watchMemory } from './watchMemory.ts';

const folder = temporaryFolder();

it('100 changed originals end, are never called whole wrongly, and keep to the memory', async () => {
  const { judge, close } = await openJudge(folder());
  onTestFinished(close);
  const all = await originals();
  const made = mutants(all, 14);
  const memory = watchMemory();
  const ends = new Set<string>();
  const problems: string[] = [];
  const some = Array.from({ length: 100 }, () => made.next().value);
  for (const [number, mutant] of some.entries()) {
    const verdict = await judge(mutant, number);
    ends.add(verdict.end);
    problems.push(...verdict.problems);
  }
  expect(problems).toEqual([]);
  expect([...ends]).toEqual(
    expect.arrayContaining(['saved', 'ERR_TRUNCATED', 'ERR_DAMAGED', 'ERR_UNDECODABLE']),
  );
  expect(memory.stop().grownMb).toBeLessThan(sharedImageMemory().budgetBytes / 1e6);
});
