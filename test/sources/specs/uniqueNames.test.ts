import { expect, it } from 'vitest';
import { z } from 'zod';
import { uniqueNames } from '../../../src/sources/specs/batchSpec.ts';

const item = z.object({ name: z.string().nullable() });
const schema = z
  .object({ prompts: z.array(item), styles: z.array(item), others: z.array(item) })
  .superRefine(uniqueNames('prompts', 'styles'));
const named = (...names: (string | null)[]) => names.map((name) => ({ name }));

it('finds each name that an item before it in its list has', () => {
  const spec = { prompts: named('a', 'b', 'a', 'a'), styles: named('b', 'c', 'c'), others: named('d', 'd') };
  const issues = schema.safeParse(spec).error?.issues.map(({ path, message }) => [path.join('.'), message]);
  expect(issues).toEqual([
    ['prompts.2', 'Expected each name once, got a twice'],
    ['prompts.3', 'Expected each name once, got a twice'],
    ['styles.2', 'Expected each name once, got c twice'],
  ]);
});

it('takes equal names in different lists, and items without one', () => {
  const spec = { prompts: named('a', null, null), styles: named('a'), others: [] };
  expect(schema.safeParse(spec).success).toBe(true);
});
