import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { InvalidRowsError, UsageError } from '../../../src/errors.ts';
import type { JobContext } from '../../../src/sources/planning/jobContext.ts';
import { openPromptFile } from '../../../src/sources/promptFiles/promptFile.ts';
import { validateRows } from '../../../src/sources/promptFiles/promptJobs.ts';
import { contextOf, schema } from '../../helpers/contextOf.ts';
import { tempFile, tempFolder } from '../../helpers/tempFile.ts';

const validating = async (name: string, content: string, changes: Partial<JobContext> = {}) =>
  validateRows(await openPromptFile(await tempFile(name, content)), contextOf(changes));

const problemsOf = async (name: string, content: string, changes: Partial<JobContext> = {}) => {
  const error: unknown = await validating(name, content, changes).catch((thrown: unknown) => thrown);
  if (!(error instanceof InvalidRowsError)) throw error;
  return { count: error.count, problems: error.problems.map(({ line, message }) => `${line}: ${message}`) };
};

it('counts the rows and names their fields', async () => {
  const content = '{"prompt":"a","seed":1,"mood":"calm"}\n"b"\n{"prompt":"c","place":"sea"}\n';
  expect(await validating('p.jsonl', content)).toEqual({
    rows: 3,
    fieldNames: new Set(['seed', 'mood', 'place']),
  });
});

it('finds all problems, of rows and of values, before anything else happens', async () => {
  const content = 'prompt,seed,aspect_ratio,mood\na,1,16:9,calm\nb,x,1:1,7\nc\nd,,4:3,\n,1,1:1,\n';
  expect(await problemsOf('p.csv', content)).toEqual({
    count: 4,
    problems: [
      '3: Expected `seed` to be an integer, got the text "x"',
      '4: Expected 4 values (prompt, seed, aspect_ratio, mood), got 1',
      '5: Expected `aspect_ratio` to be one of 1:1, 16:9, 9:16, got 4:3 (did you mean 16:9?)',
      '6: Expected a prompt, got an empty value',
    ],
  });
});

it('names all that is wrong in a row at once', async () => {
  const content = '{"prompt":"a","seed":"x","num_outputs":9,"guidance":2}\n';
  expect((await problemsOf('p.jsonl', content)).problems).toEqual([
    '1: Expected `seed` to be an integer, got the text "x"; Expected `num_outputs` to be an integer of 1 to 4, got 9',
  ]);
});

it('checks the prompt itself too', async () => {
  const short = {
    ...schema,
    properties: { ...schema.properties, prompt: { type: 'string', maxLength: 3 } },
  } as const;
  expect((await problemsOf('p.txt', 'abc\nabcd\n', { schema: short })).problems).toEqual([
    '2: Expected `prompt` to be a text of at most 3 characters, got the text "abcd"',
  ]);
});

it('does not coerce typed values', async () => {
  const content = '{"prompt":"a","seed":"1"}\n{"prompt":"b","megapixels":1}\n{"prompt":"c","seed":null}\n';
  expect((await problemsOf('p.jsonl', content)).problems).toEqual([
    '1: Expected `seed` to be an integer, got the text "1"',
    '2: Expected `megapixels` to be one of "1", "0.25", got 1',
  ]);
});

it('keeps the first 100 problems and counts all', async () => {
  const { count, problems } = await problemsOf('p.jsonl', `"fine"\n${'7\n'.repeat(250)}`);
  expect(count).toBe(250);
  expect(problems).toHaveLength(100);
  expect(problems.at(-1)).toMatch(/^101: /);
});

it('takes all fields as tags if the model has no schema', async () => {
  expect(await validating('p.csv', 'prompt,seed\na,x\n', { schema: null })).toMatchObject({ rows: 1 });
});

it('reads no more rows than the limit asks for', async () => {
  const content = '"a"\n"b"\n"c"\n7\n';
  expect((await validating('p.jsonl', content, { limit: 3 })).rows).toBe(3);
  expect((await validating('p.jsonl', content, { limit: 5, count: 2 })).rows).toBe(3);
  expect((await problemsOf('p.jsonl', content, { limit: 4 })).count).toBe(1);
});

it('asks for inputs that the model requires', async () => {
  const required = { ...schema, required: ['prompt', 'guidance'] };
  const content = '{"prompt":"a","guidance":2}\n"b"\n';
  expect((await problemsOf('p.jsonl', content, { schema: required })).problems).toEqual([
    '2: owner/name requires a value for `guidance`',
  ]);
  expect((await validating('p.jsonl', content, { schema: required, input: { guidance: 1 } })).rows).toBe(2);
});

it.each<[string, Partial<JobContext>]>([
  [
    'Expected a model that takes a prompt, got owner/name, which takes image',
    { schema: { required: [], properties: { image: { type: 'string' } } } },
  ],
  ['Expected an input of owner/name, got `guidence`', { input: { guidence: 1 } }],
  ['Expected `guidance` to be a number of 0 to 10, got 11', { input: { guidance: 11 } }],
  ['Expected `count` to be an integer of 1 or more, got 0', { count: 0 }],
  ['Expected `limit` to be an integer of 1 or more, got 0.5', { limit: 0.5 }],
  ['Expected `seed` to be an integer of 0 or more, got -1', { seed: -1 }],
  [
    'Expected `seed` to be an integer of at most 6, got 7',
    {
      seed: 5,
      count: 3,
      schema: {
        required: [],
        properties: { prompt: { type: 'string' }, seed: { type: 'integer', maximum: 6 } },
      },
    },
  ],
])('refuses settings that cannot be right: %s', async (message, changes) => {
  const validated = validating('p.txt', 'a\n', changes);
  await expect(validated).rejects.toThrow(UsageError);
  await expect(validated).rejects.toThrow(message);
});

it('guesses the meaning of a mistyped input', async () => {
  const validated = validating('p.txt', 'a\n', { input: { guidence: 1 } });
  await expect(validated).rejects.toMatchObject({ suggestion: 'Did you mean `guidance`?' });
});

it('looks at the files that rows name, from the folder of the context', async () => {
  const uri = { type: 'string', format: 'uri' } as const;
  const withFiles = {
    ...schema,
    properties: { ...schema.properties, image: uri, image_input: { type: 'array', items: uri } },
  } as const;
  const folder = await tempFolder();
  await writeFile(join(folder, 'cat.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(folder, 'notes.txt'), 'no picture');
  await writeFile(join(folder, 'large.png'), '');
  await truncate(join(folder, 'large.png'), 100_000_000);
  const data = `data:image/png;base64,${'A'.repeat(600_000)}`;
  const lines = [
    { prompt: 'a', image: 'cat.svg' },
    { prompt: 'b', image: 'dog.svg' },
    { prompt: 'c', image_input: ['https://files.example/a.png', 'notes.txt', '.'] },
    { prompt: 'd', image: 'large.png', seed: 1 },
    { prompt: 'e', image: data },
  ].map((row) => JSON.stringify(row));
  const { problems } = await problemsOf('p.jsonl', lines.join('\n'), {
    schema: withFiles,
    folder,
    input: { image_input: Array.from({ length: 16 }, () => data) },
  });
  const at = (name: string) => join(folder, name);
  expect(problems).toEqual([
    `2: \`image\`: Expected a file at ${at('dog.svg')}, got none`,
    `3: \`image_input[1]\`: Expected a picture at ${at('notes.txt')}, got text/plain; ` +
      `\`image_input[2]\`: Expected a file at ${folder}, got a folder`,
    `4: \`image\`: Expected a file at ${at('large.png')}, got one of 100000000 bytes: the service takes less than 100000000`,
    `5: Expected data: URLs of at most 10000000 characters in total, got ${17 * data.length}; give the path of a file instead`,
  ]);
});

it('names JSON in a cell that is nested too deeply', async () => {
  const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
  const list = { type: 'array', items: { type: null } } as const;
  const open = { type: null } as const;
  const found = await problemsOf('p.csv', `prompt,list,open\na,${deep},1\nb,[1],${deep}\nc,[],{}\n`, {
    schema: { required: [], properties: { prompt: { type: 'string' }, list, open } },
  });
  expect(found.problems).toEqual([
    '2: Expected `list` to have at most 100 levels of lists and objects, got more',
    '3: Expected `open` to have at most 100 levels of lists and objects, got more',
  ]);
});
