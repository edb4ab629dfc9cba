import { expect, it } from 'vitest';
import { rowsOf, shortRowsOf } from '../../helpers/rowsOf.ts';

it('reads texts and objects, with the line on which each begins', async () => {
  const content = '\uFEFF [ "a cat",\n {"Prompt": " a dog ", "style": "oil", "loras": ["x"], "n": null} ]\n';
  expect(await rowsOf('p.json', content)).toEqual([
    { type: 'row', line: 1, prompt: 'a cat', fields: {}, text: false },
    { type: 'row', line: 2, prompt: 'a dog', fields: { style: 'oil', loras: ['x'], n: null }, text: false },
  ]);
});

it.each([
  ['p.json', '[{"prompt": "a", "x": {"y": 1, "z": 2}},\n', ',\n', ']'],
  ['p.jsonl', '{"prompt": "a", "x": {"y": 1, "z": 2}}\n', '\n', '\n'],
])(
  'refuses a key that an object has twice in %s, of which a value would be lost',
  async (name, first, and, end) => {
    const items = [
      '{"prompt": "b", "seed": 1, "prompt": "c"}',
      '{"prompt": "d", "x": [{"y": 1}, {"y": 1, "y": 2}]}',
      '{"prompt": "x\\": \\"prompt\\": y", "seed": 1, "n": ["seed", "seed"]}',
      '{"prompt": "f", "Prompt": "g"}',
      '{"prompt": "h", "pr\\u006fmpt": "i"}',
    ];
    const two = (key: string) =>
      new Error(`Expected one value for \`${key}\`, got two: rename or remove one`);
    expect(await shortRowsOf(name, `${first}${items.join(and)}${end}`)).toEqual([
      [1, 'a'],
      [2, two('prompt')],
      [3, two('y')],
      [4, 'x": "prompt": y'],
      [5, new Error('Expected one prompt, got two: `prompt` and `Prompt`')],
      [6, two('prompt')],
    ]);
  },
);

it('names items that are neither a prompt nor fields, and reads on', async () => {
  const content =
    '[7,\nnull,\n["a"],\n{},\n{"text": "a"},\n{"prompt": 7},\n{"prompt": " "},\n"a\\u0000b",\ntrue,\n"fine"]';
  expect(await shortRowsOf('p.json', content)).toEqual([
    [1, new Error('Expected a text or an object with a prompt, got the number 7')],
    [2, new Error('Expected a text or an object with a prompt, got nothing')],
    [3, new Error('Expected a text or an object with a prompt, got a list')],
    [4, ''],
    [5, ''],
    [6, new Error('Expected `prompt` to be text, got the number 7')],
    [7, new Error('Expected a prompt, got an empty text')],
    [8, new Error('Expected text, got a NUL byte: this is not a text file')],
    [9, new Error('Expected a text or an object with a prompt, got the boolean true')],
    [10, 'fine'],
  ]);
});

it.each([
  ['broken', '["a",\n"b"\n\n"c"]', 4],
  ['cut off', '["a",\n"b",\n{"prompt":\n"c', 3],
  ['followed by more', '["a",\n"b"]\n x', 3],
  ['given a comment', '["a",\n"b", // the third\n"c"]', 2],
  ['given a comma too much', '["a",\n"b",\n]', 3],
])('reports the line on which the JSON is %s, after the items before it', async (_what, content, line) => {
  const rows = await shortRowsOf('p.json', content);
  expect(rows.slice(0, 2)).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
  expect(rows.slice(2)).toMatchObject([[line, { message: expect.stringMatching(/^Invalid JSON: /) }]]);
});

it('reports the first line of an item of several lines', async () => {
  const items = Array.from({ length: 5_000 }, (_, index) => ({
    prompt: index === 4_321 ? 7 : `é\n😀 number ${index}`,
    tags: [{ n: index }],
  }));
  const text = JSON.stringify(items, null, 2);
  const rows = await shortRowsOf('p.json', `\n\n${text.replaceAll('😀', '\\ud83d\\ude00')}`);
  const line = 3 + text.slice(0, text.indexOf('"prompt": 7')).split('\n').length - 2;
  expect(rows[4_321]).toMatchObject([line, { message: expect.stringContaining('got the number 7') }]);
  expect(rows).toHaveLength(5_000);
});

it('stops at an item that never ends', async () => {
  const rows = await shortRowsOf('p.json', `["a",\n"${'b'.repeat(3_000_000)}`);
  expect(rows).toMatchObject([
    [1, 'a'],
    [1, { message: expect.stringContaining('Expected an item of at most') }],
  ]);
});

it('reads arrays longer than a chunk', async () => {
  const prompts = Array.from({ length: 5_000 }, (_, index) => `prompt é😀 number ${index}`);
  const rows = await shortRowsOf('p.json', JSON.stringify(prompts, null, 2));
  expect(rows.map(([, prompt]) => prompt)).toEqual(prompts);
});

it('names an item that is nested too deeply, and reads on', async () => {
  const deep = `${'{"a":['.repeat(10_000)}${']}'.repeat(10_000)}`;
  expect(await shortRowsOf('p.json', `["a",\n{"prompt":"b","list":${deep}},\n"c"]`)).toMatchObject([
    [1, 'a'],
    [2, { message: 'Expected at most 100 levels of lists and objects, got more' }],
    [3, 'c'],
  ]);
});
