import { expect, it } from 'vitest';
import { rowsOf, shortRowsOf } from '../../helpers/rowsOf.ts';

const block = `# prompts
---
- a cat
- prompt: a dog
  aspect_ratio: 16:9
  seed: 4

- |
  a mouse
  in a house
# a comment
-
  prompt: >
    folded
    text
- "quoted: text"
`;

it('streams a block list, with line numbers', async () => {
  expect(await rowsOf('p.yaml', block)).toEqual([
    { type: 'row', line: 3, prompt: 'a cat', fields: {}, text: false },
    { type: 'row', line: 4, prompt: 'a dog', fields: { aspect_ratio: '16:9', seed: 4 }, text: false },
    { type: 'row', line: 8, prompt: 'a mouse\nin a house', fields: {}, text: false },
    { type: 'row', line: 12, prompt: 'folded text', fields: {}, text: false },
    { type: 'row', line: 16, prompt: 'quoted: text', fields: {}, text: false },
  ]);
});

it('names broken items of a block list by line, and reads on', async () => {
  const content = '- a\n- prompt: b\n  seed: [1\n- 7\n-\n- {prompt: c}\nstray: key\n- fine\n';
  expect(await shortRowsOf('p.yml', content)).toMatchObject([
    [1, 'a'],
    [expect.any(Number), { message: expect.stringMatching(/^Invalid YAML: /) }],
    [4, { message: 'Expected a text or an object with a prompt, got the number 7' }],
    [5, { message: 'Expected a text or an object with a prompt, got nothing' }],
    [7, { message: expect.stringMatching(/^Invalid YAML: /) }],
    [8, 'fine'],
  ]);
});

it.each([
  ['flow', '[a cat, {prompt: a dog, style: oil}]', [1, 1]],
  ['indented', '  - a cat\n  - prompt: a dog\n    style: oil\n', [1, 2]],
  ['flow over lines', '---\n[\n  a cat,\n  {prompt: a dog, style: oil},\n]\n', [3, 4]],
])('reads a list in %s form', async (_form, content, lines) => {
  expect(await rowsOf('p.yaml', content)).toMatchObject([
    { line: lines[0], prompt: 'a cat' },
    { line: lines[1], prompt: 'a dog', fields: { style: 'oil' } },
  ]);
});

it('names the line at which a document is broken', async () => {
  const rows = await shortRowsOf('p.yaml', '[a,\n b,\n {c: d]\n');
  expect(rows[0]).toMatchObject([3, { message: expect.stringMatching(/^Invalid YAML: /) }]);
});

it('parses other forms up to 16 MB only', async () => {
  const content = `[${'a long prompt, '.repeat(1_200_000)}]`;
  await expect(rowsOf('p.yaml', content)).rejects.toThrow(
    'Expected at most 16 MB of YAML in this form, got 18 MB',
  );
});
