import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputFiles } from '../../../src/sources/modelInputs/inputFiles.ts';
import type { JobContext } from '../../../src/sources/planning/jobContext.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import { openPromptFile } from '../../../src/sources/promptFiles/promptFile.ts';
import { jobsFromRows, validateRows } from '../../../src/sources/promptFiles/promptJobs.ts';
import type { Row } from '../../../src/sources/promptFiles/rows.ts';
import type { Job, Json, ModelSchema } from '../../../src/types.ts';
import { collect } from '../../helpers/collect.ts';
import { contextOf, schema } from '../../helpers/contextOf.ts';
import { tempFile, tempFolder } from '../../helpers/tempFile.ts';

const row = (prompt: string, fields: Record<string, Json> = {}, text = false): Row => ({
  type: 'row',
  line: 1,
  prompt,
  fields,
  text,
});
const jobsOf = async (rows: readonly Row[], changes: Partial<JobContext> = {}): Promise<Job[]> =>
  collect(jobsFromRows(rows, contextOf(changes)));
const seedsOf = async (rows: readonly Row[], changes: Partial<JobContext> = {}) =>
  (await jobsOf(rows, { seed: 'auto', ...changes })).map(({ input }) => input.seed);

it('sorts fields into inputs and tags, the row’s over the run’s', async () => {
  const rows = [row('a cat', { guidance: '2', go_fast: '', mood: 'calm', empty: '' }, true)];
  const renditions = [
    { name: 'thumb', widthPx: 8, heightPx: 8, fit: 'cover', format: 'webp', quality: 80 },
  ] as const;
  const context = {
    input: { guidance: 9, go_fast: false, prompt: 'x' },
    version: 'f'.repeat(64),
    renditions,
  };
  expect(await jobsOf(rows, context)).toEqual([
    {
      index: 0,
      prompt: 'a cat',
      model: 'owner/name',
      version: 'f'.repeat(64),
      input: { prompt: 'a cat', guidance: 2, go_fast: false },
      tags: { mood: 'calm' },
      renditions,
    },
  ]);
});

it('makes texts of tags that are not', async () => {
  const [job] = await jobsOf([
    row('a', { year: 1920, wet: true, list: [1, 'b'], nothing: null, constructor: 'x' }),
  ]);
  expect(job?.tags).toEqual({ year: '1920', wet: 'true', list: '[1,"b"]', constructor: 'x' });
});

it('makes as many jobs of a row as asked, in order, up to the limit', async () => {
  const jobs = await jobsOf([row('a'), row('b'), row('c')], { count: 2, limit: 5 });
  expect(jobs.map(({ index, prompt }) => `${index}${prompt}`)).toEqual(['0a', '1a', '2b', '3b', '4c']);
});

it('pulls no row before its job is asked for', async () => {
  let pulled = 0;
  function* rows() {
    for (;;) yield row(`prompt ${pulled++}`);
  }
  const jobs = jobsFromRows(rows(), contextOf());
  await jobs.next();
  await jobs.next();
  expect(pulled).toBe(2);
  await jobs.return();
});

it('gives every request its own seed of 31 bits', async () => {
  const seeds = await seedsOf([row('a'), row('b'), row('a')], { count: 3 });
  expect(new Set(seeds).size).toBe(9);
  for (const seed of seeds) expect(Number(seed) >= 0 && Number(seed) < 2 ** 31).toBe(true);
});

it('gives the same prompt the same seeds, whichever rows surround it', async () => {
  const prompts = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(prompts, prompts, fc.integer({ min: 1, max: 3 }), async (some, others, count) => {
      const rowsOf = (texts: readonly string[]) => texts.map((text) => row(text));
      const alone = await jobsOf(rowsOf(some), { seed: 'auto', count });
      const seedsByPrompt = (jobs: readonly Job[]) =>
        Object.groupBy(
          jobs.map(({ prompt, input }) => ({ prompt, seed: input.seed })),
          ({ prompt }) => prompt,
        );
      const before = seedsByPrompt(alone);
      const after = seedsByPrompt(
        await jobsOf(rowsOf([...others.map((text) => `other ${text}`), ...some]), { seed: 'auto', count }),
      );
      for (const [prompt, seeds] of Object.entries(before)) expect(after[prompt]).toEqual(seeds);
      const requests = alone.map(({ input }) => JSON.stringify(input));
      expect(new Set(requests).size).toBe(requests.length);
    }),
    { numRuns: 50 },
  );
});

it('takes model, version and input into the seed', async () => {
  const [one] = await seedsOf([row('a')]);
  expect(await seedsOf([row('a')])).toEqual([one]);
  expect(await seedsOf([row('a')], { model: 'owner/other' })).not.toEqual([one]);
  expect(await seedsOf([row('a')], { version: 'f'.repeat(64) })).not.toEqual([one]);
  expect(await seedsOf([row('a', { guidance: 1 })])).not.toEqual([one]);
});

it('stays within the range of the model’s seed', async () => {
  const schema = {
    required: [],
    properties: { prompt: { type: 'string' }, seed: { type: 'integer', minimum: 10, maximum: 13 } },
  } as const;
  const seeds = await seedsOf([row('a')], { schema, count: 4 });
  expect(seeds.toSorted()).toEqual([10, 11, 12, 13]);
});

it('keeps a seed that was given, and counts it up over the copies of a prompt', async () => {
  expect(await seedsOf([row('a', { seed: 7 }), row('b', { seed: 7 })], { count: 3 })).toEqual([
    7, 8, 9, 7, 8, 9,
  ]);
  expect(await seedsOf([row('a')], { input: { seed: 2 ** 32 }, count: 2 })).toEqual([2 ** 32, 2 ** 32 + 1]);
  expect(await seedsOf([row('a', { seed: 7 })], { count: 2, seed: 'none' })).toEqual([7, 7]);
});

it('counts up from N by job', async () => {
  expect(await seedsOf([row('a'), row('b', { seed: 7 }), row('c')], { count: 2, seed: 100 })).toEqual([
    100, 101, 7, 8, 104, 105,
  ]);
});

it.each<[string, Partial<JobContext>]>([
  ['is told not to', { seed: 'none' }],
  ['the model has no seed', { schema: { required: [], properties: { prompt: { type: 'string' } } } }],
  [
    'the model’s seed is a text',
    { schema: { required: [], properties: { prompt: { type: 'string' }, seed: { type: 'string' } } } },
  ],
  ['the model publishes no schema', { schema: null }],
])('adds no seed if %s', async (_what, changes) => {
  expect(await seedsOf([row('a')], changes)).toEqual([undefined]);
});

it('gives each job its own files and those of the run that it does not replace', async () => {
  const uri = { type: 'string', format: 'uri' } as const;
  const takingFiles: ModelSchema = {
    ...schema,
    properties: { ...schema.properties, image: uri, masks: { type: 'array', items: uri } },
  };
  const folder = await tempFolder();
  for (const name of ['a.png', 'b.png', 'renamed.png']) {
    await writeFile(join(folder, name), `<svg xmlns="http://www.w3.org/2000/svg" id="${name[0]}"/>`);
  }
  await copyFile(join(folder, 'a.png'), join(folder, 'renamed.png'));
  const input = { image: 'b.png', masks: ['a.png', 'b.png'] };
  const files = await inputFiles(input, { schema: takingFiles, folder });
  const rows = [
    row('x', { image: 'a.png' }),
    row('x', { masks: '["a.png"]' }, true),
    row('x', { image: 'https://files.example/a.png', masks: [] }),
    row('x', { image: 'renamed.png' }),
  ];
  const jobs = await jobsOf(rows, { schema: takingFiles, folder, input, files, seed: 'auto' });
  const shown = jobs.map((job) =>
    Object.entries(job.files ?? {}).map(([path, { name }]) => `${path} ${name}`),
  );
  expect(shown).toEqual([
    ['masks[0] a.png', 'masks[1] b.png', 'image a.png'],
    ['image b.png', 'masks[0] a.png'],
    [],
    ['masks[0] a.png', 'masks[1] b.png', 'image renamed.png'],
  ]);
  expect(jobs[2]).not.toHaveProperty('files');
  // The same content is the same request: only its count among identical ones makes the last one
  // differ.
  expect(Number(jobs[3]?.input.seed)).toBe(Number(jobs[0]?.input.seed) + 1);
});

it('takes the name of an input in any case, with spaces or other signs between its words', async () => {
  const fields = { Seed: '7', 'Aspect Ratio': '16:9', 'num-outputs': '2', Mood: 'calm' };
  const [job] = await jobsOf([row('a cat', fields, true)]);
  expect(job).toMatchObject({
    input: { prompt: 'a cat', seed: 7, aspect_ratio: '16:9', num_outputs: 2 },
    tags: { Mood: 'calm' },
  });
});

it('leaves a name that fits two inputs as a tag', async () => {
  const two = {
    ...schema,
    properties: { ...schema.properties, go_fast: { type: 'string' }, gofast: { type: 'string' } },
  } as const;
  const [job] = await jobsOf([row('a cat', { 'Go Fast': 'x' }, true)], { schema: two });
  expect(job).toMatchObject({ input: { prompt: 'a cat' }, tags: { 'Go Fast': 'x' } });
});

it('refuses two fields for one input', async () => {
  await expect(jobsOf([row('a cat', { seed: '7', Seed: '8' }, true)])).rejects.toThrow(
    'Expected one value for `seed`, got two',
  );
});

it('names a whole number that cannot be sent exactly by its own digits', async () => {
  const file = await openPromptFile(
    await tempFile('p.jsonl', '{"prompt":"a","seed":18446744073709551615,"id":12345678901234567890}\n'),
  );
  const rows = await collect(file.rows());
  expect(rows).toMatchObject([{ fields: { seed: '18446744073709551615', id: '12345678901234567890' } }]);
  await expect(validateRows(file, contextOf())).rejects.toMatchObject({
    problems: [
      { line: 1, message: 'Expected `seed` to be an integer, got 18446744073709551615, which is too large' },
    ],
  });
});

describe('a model without a prompt', () => {
  const upscaler: ModelSchema = {
    required: ['image'],
    properties: { image: { type: 'string', format: 'uri' }, scale: { type: 'integer' } },
  };
  const table = 'image,scale\nhttps://example.com/pics/a.png,2\nhttps://example.com/b.png?x=1,4\n';

  it('gets a job for each picture, named after it', async () => {
    const file = await openPromptFile(await tempFile('p.csv', table));
    const context = contextOf({ schema: upscaler });
    expect((await validateRows(file, context)).rows).toBe(2);
    const jobs = await collect(jobsFromRows(file.rows(), context));
    expect(jobs.map(({ prompt, input }) => ({ prompt, ...input }))).toEqual([
      { prompt: '', image: 'https://example.com/pics/a.png', scale: 2 },
      { prompt: '', image: 'https://example.com/b.png?x=1', scale: 4 },
    ]);
    const config = { organize: 'flat', date: '2026-01-01', priceOf: () => null };
    expect((await collect(planJobs(jobs, config))).map(({ path }) => path)).toEqual(['0001-a', '0002-b']);
  });

  it('needs the picture in each row', async () => {
    const file = await openPromptFile(await tempFile('p.csv', 'image,scale\n,2\n'));
    await expect(validateRows(file, contextOf({ schema: upscaler }))).rejects.toMatchObject({
      problems: [{ line: 2, message: 'owner/name requires a value for `image`' }],
    });
  });

  it.each([
    ['a prompt that it does not take', 'prompt\na cat\n', upscaler, 'Expected a model that takes a prompt'],
    [
      'no column of prompts for a model that needs them',
      table,
      schema,
      'Expected a column named prompt in the header, got image, scale',
    ],
  ])('is refused %s', async (_what, content, of, message) => {
    const file = await openPromptFile(await tempFile('p.csv', content));
    await expect(validateRows(file, contextOf({ schema: of }))).rejects.toThrow(message);
  });

  it('says how to learn whether a model takes a prompt if its inputs are not known', async () => {
    const file = await openPromptFile(await tempFile('p.csv', table));
    await expect(validateRows(file, contextOf({ schema: null }))).rejects.toMatchObject({
      suggestion: expect.stringContaining('If owner/name takes no prompt, its inputs must be known'),
    });
  });
});
