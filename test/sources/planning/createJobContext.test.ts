import { expect, it } from 'vitest';
import { createJobContext } from '../../../src/sources/planning/jobContext.ts';
import { jobsFromRows } from '../../../src/sources/promptFiles/promptJobs.ts';
import type { Model } from '../../../src/types.ts';
import { collect } from '../../helpers/collect.ts';
import { contextOf, schema } from '../../helpers/contextOf.ts';

const model: Model = { name: 'owner/name', latestVersion: 'f'.repeat(64), isOfficial: true, schema };
const row = (prompt: string) => ({ type: 'row', line: 1, prompt, fields: {}, text: false }) as const;

it('needs a name or a model, and fills in the rest', () => {
  const rest = { input: {}, count: 1, seed: 'auto', renditions: [] };
  const version = 'a'.repeat(64);
  expect(createJobContext({ model })).toEqual({ model: 'owner/name', version: null, schema, ...rest });
  expect(createJobContext({ model: `owner/name:${version}` })).toEqual({
    ...{ model: 'owner/name', version, schema: null },
    ...rest,
  });
  expect(createJobContext({ model, version, renditions: ['thumb=32x32'] })).toMatchObject({
    version,
    renditions: [{ name: 'thumb', widthPx: 32, heightPx: 32 }],
  });
  expect(() => createJobContext({ model, renditions: ['thumb'] })).toThrow('thumb');
});

it('refuses two renditions with one name', () => {
  const config = { model, renditions: ['a=10x10', 'b=10x10', 'a=20x20'] };
  expect(() => createJobContext(config)).toThrow('Expected renditions with different names, got "a" twice');
});

it('leaves a whole context as it is', () => {
  const whole = contextOf({ seed: 7, count: 2, limit: 3 });
  expect(createJobContext(whole)).toEqual(whole);
});

it('makes jobs of rows without a null to give', async () => {
  const settings = { model, count: 2, limit: 3 };
  const jobs = await collect(jobsFromRows([row('a cat'), row('an owl')], settings));
  expect(jobs.map(({ prompt, version, renditions }) => ({ prompt, version, renditions }))).toEqual(
    ['a cat', 'a cat', 'an owl'].map((prompt) => ({ prompt, version: null, renditions: [] })),
  );
  expect(new Set(jobs.map(({ input }) => input.seed)).size).toBe(3);
});
