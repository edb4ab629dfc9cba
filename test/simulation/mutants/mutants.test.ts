import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { findsMutant } from './findsMutant.ts';
import { mutants } from './mutants.ts';
import { mutated } from './mutate.ts';

it('every mutant still changes the code that it is about', async () => {
  for (const mutant of Object.values(mutants)) {
    const source = await readFile(new URL(`../../../src/${mutant.file}`, import.meta.url), 'utf8');
    expect(mutated(source, mutant)).not.toBe(source);
  }
});

// All of them: `npm run simulate -- --mutants`. They take a process each.
it.each(['no-intent', 'unreadable-is-refused', 'not-resumed', 'forgotten-is-unpaid', 'unflushed-thumbnail'])(
  'finds the bug %s again',
  async (name) => {
    expect(await findsMutant(name)).toBe(true);
  },
);
