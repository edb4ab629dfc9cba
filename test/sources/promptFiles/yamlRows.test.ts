import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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

describe('anchors', () => {
  it('are known to later items, whose merge keys merge', async () => {
    const content = `- &base {prompt: a cat, style: oil, seed: 1}
- {<<: *base, seed: 2}
- prompt: a dog
  size: &large {width: 8}
- <<: *base
  prompt: a mouse
  size: *large
- *base
`;
    expect(await rowsOf('p.yaml', content)).toMatchObject([
      { line: 1, prompt: 'a cat', fields: { style: 'oil', seed: 1 } },
      { line: 2, prompt: 'a cat', fields: { style: 'oil', seed: 2 } },
      { line: 3, prompt: 'a dog', fields: { size: { width: 8 } } },
      { line: 5, prompt: 'a mouse', fields: { style: 'oil', seed: 1, size: { width: 8 } } },
      { line: 8, prompt: 'a cat' },
    ]);
  });

  it('are those of the nearest item before, and may use others', async () => {
    const content = `- &a {prompt: first}
- &b {<<: *a, style: oil}
- {<<: *b, seed: 1}
- &a {prompt: second}
- {<<: *a, seed: 2}
`;
    const rows = await rowsOf('p.yaml', content);
    expect(rows.map((row) => row.type === 'row' && [row.prompt, row.fields.style])).toEqual([
      ['first', undefined],
      ['first', 'oil'],
      ['first', 'oil'],
      ['second', undefined],
      ['second', undefined],
    ]);
  });

  it('that are unknown, and merge keys without a map, are named by their line', async () => {
    const content =
      '- {prompt: a, b: *none}\n- {prompt: b, <<: 5}\n- "a *none"\n- {prompt: c,\n  b: *later}\n- &later d\n';
    expect(await shortRowsOf('p.yaml', content)).toMatchObject([
      [1, { message: expect.stringContaining('Unresolved alias') }],
      [2, { message: 'Invalid YAML: Merge sources must be maps or map aliases' }],
      [3, 'a *none'],
      [5, { message: expect.stringContaining('Unresolved alias') }],
      [6, 'd'],
    ]);
    expect(await shortRowsOf('p.yaml', '[{prompt: a},\n {prompt: b, <<: 5}]')).toMatchObject([
      [2, { message: 'Invalid YAML: Merge sources must be maps or map aliases' }],
    ]);
  });

  it('give the same rows to a list that is cut at its items as to one that is parsed as a whole', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const item = fc.oneof(
      fc.tuple(name, fc.nat(9)).map(([own, n]) => `&${own} {prompt: p${n}, x${n}: ${n}}`),
      fc
        .tuple(name, name, fc.nat(9))
        .filter(([own, used]) => own !== used)
        .map(([own, used, n]) => `&${own} {<<: *${used}, y: ${n}}`),
      fc.tuple(name, fc.nat(9)).map(([used, n]) => `{<<: *${used}, prompt: q${n}}`),
      fc.tuple(name, fc.nat(9)).map(([used, n]) => `{prompt: r${n}, z: *${used}}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 12 }), async (items) => {
        const known = ['a', 'b', 'c'].map((own) => `&${own} {prompt: ${own}}`);
        const all = [...known, ...items];
        const cut = await rowsOf('p.yaml', all.map((one) => `- ${one}\n`).join(''));
        const whole = await rowsOf('p.yaml', `[\n${all.join(',\n')}\n]`);
        const contentOf = (rows: typeof cut) => rows.map(({ line: _line, ...content }) => content);
        expect(contentOf(cut)).toEqual(contentOf(whole));
      }),
      { numRuns: 50 },
    );
  });
});

describe('nesting', () => {
  const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
  const bomb = [
    '&a {prompt: x, l: [lol, lol, lol, lol, lol, lol, lol, lol]}',
    ...Array.from(
      { length: 9 },
      (_, n) => `&b${n} {prompt: x, l: [${Array(20).fill(n ? `*b${n - 1}` : '*a')}]}`,
    ),
    '{prompt: x, l: *b8}',
  ];

  it.each([
    ['a deep list', `- a\n- {prompt: x, list: ${deep}}\n- b\n`, 2, 'at most 100 levels'],
    ['an open list', `- a\n- {prompt: x, list: ${'['.repeat(5_000)}\n- b\n`, 2, 'at most 100 levels'],
    ['deep keys', `- a\n- ${'{a: '.repeat(3_000)}\n- b\n`, 2, 'at most 100 levels'],
    ['deep items', `- a\n- ${'- '.repeat(3_000)}x\n- b\n`, 2, 'at most 100 levels'],
    [
      'levels that the parser takes',
      `- a\n- {prompt: x, l: ${'['.repeat(200)}${']'.repeat(200)}}\n- b\n`,
      2,
      'at most 100 levels',
    ],
    ['a circle', '- a\n- &c {prompt: x, list: [*c]}\n- b\n', 2, 'at most 100 levels'],
  ])('names %s by its line, and reads on', async (_what, content, line, message) => {
    const rows = await shortRowsOf('p.yaml', content);
    expect(rows).toMatchObject([
      [1, 'a'],
      [line, { message: expect.stringContaining(message) }],
      [3, 'b'],
    ]);
  });

  it('names aliases that stand for more than any memory holds', async () => {
    for (const content of [bomb.map((one) => `- ${one}\n`).join(''), `[\n${bomb.join(',\n')}]`]) {
      const rows = await shortRowsOf('p.yaml', content);
      expect(rows[1]?.[1]).toBe('x');
      const expanded = expect.objectContaining({
        message: expect.stringContaining('all aliases in their place'),
      });
      expect(rows.map(([, row]) => row)).toContainEqual(expanded);
      expect(rows.at(-1)?.[1]).toBeInstanceOf(Error);
    }
  });

  it('takes aliases in a thousand rows', async () => {
    const items = Array.from({ length: 1_000 }, (_, n) => `{prompt: p${n}, style: *s}`);
    for (const content of [
      ['&s {prompt: s}', ...items].map((one) => `- ${one}\n`).join(''),
      `[&s {prompt: s},\n${items.join(',\n')}]`,
    ]) {
      const rows = await rowsOf('p.yaml', content);
      expect(rows.filter(({ type }) => type === 'row')).toHaveLength(1_001);
    }
  });
});
