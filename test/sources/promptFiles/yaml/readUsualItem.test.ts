import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { readUsualItem } from '../../../../src/sources/promptFiles/yaml/yamlItem.ts';

/** Returns an item as the full parser reads it; undefined if it refuses it. */
function parsed(lines: readonly string[]): unknown {
  try {
    return parse(lines.join('\n'), { merge: true, logLevel: 'silent' })[0];
  } catch {
    return undefined;
  }
}

it.each([
  [['- a red fox']],
  [['-   a fox, [red] {or} not, at https://example.com/#den']],
  [['- "a fox: red"', '', '']],
  [["- 'it # sleeps'"]],
  [['- prompt: an owl, asleep', '  seed: 42', '  go_fast: true', '  guidance: 3.5', "  style: 'oil'"]],
  [['-  prompt: 4k photo', '   Aspect Ratio: 16:9', '   size: 1024x768']],
  [['- a cat: asleep']],
])('reads %j', (lines) => {
  expect(readUsualItem(lines)).toEqual(parsed(lines));
  expect(readUsualItem(lines)).toBeDefined();
});

describe('leaves to the full parser', () => {
  it.each([
    ['anchors and aliases', ['- &a x']],
    ['aliases', ['- prompt: *a']],
    ['blocks', ['- |', '  a', '  b']],
    ['texts over two lines', ['- a cat', '  asleep']],
    ['values over two lines', ['- prompt: a cat', '    asleep']],
    ['lists', ['- prompt: a', '  loras: [x]']],
    ['nested objects', ['- prompt: a', '  more:', '    x: 1']],
    ['comments', ['- a cat # asleep']],
    ['escapes', ['- "a\\tcat"']],
    ['quotes in quotes', ["- 'it''s'"]],
    ['empty values', ['- prompt: a', '  seed:']],
    ['a key twice', ['- prompt: a', '  prompt: b']],
    ['merges', ['- <<: x']],
    ['numbers in other forms', ['- seed: 0x10']],
    ['numbers too long to be exact', ['- seed: 18446744073709551615']],
    ['words that are no texts', ['- Null']],
    ['tabs', ['- prompt:\ta']],
  ])('%s', (_what, lines) => {
    expect(readUsualItem(lines)).toBeUndefined();
  });
});

const words = fc.array(
  fc.constantFrom(
    ...[
      'a',
      'cat',
      'true',
      'null',
      'NULL',
      '~',
      '0',
      '7',
      '0o7',
      '0x1f',
      '1e3',
      '1.50',
      '.5',
      '+1',
      '-',
      '?',
      ':',
      '#',
    ],
    ...[
      '"',
      "'",
      '\\',
      '[',
      ']',
      '{',
      '}',
      ',',
      '&a',
      '*a',
      '!',
      '|',
      '>',
      '%',
      '@',
      '`',
      '<<',
      '=',
      'é',
      '猫',
      '😀',
    ],
    ...[
      'x:',
      'y: z',
      ' ',
      '  ',
      '\t',
      '\u0085',
      '\u2028',
      '\uFEFF',
      'yes',
      'on',
      '2026-11-27',
      '12:30',
      '1_000',
      '.inf',
    ],
  ),
  { minLength: 1, maxLength: 5 },
);
const scalars = fc.tuple(words, fc.constantFrom(' ', '', '')).map(([parts, between]) => parts.join(between));
const keys = fc.constantFrom(
  'prompt',
  'seed',
  'Aspect Ratio',
  'true',
  '<<',
  '"q"',
  'a b-c',
  'x:y',
  '__proto__',
  '1st',
);
const lineOf = fc.tuple(keys, fc.constantFrom(': ', ':  ', ':'), scalars).map((parts) => parts.join(''));

it('reads items as the full parser does, or leaves them alone', () => {
  const indents = fc.constantFrom('', '  ', '   ', '    ');
  const items = fc.oneof(
    scalars.map((text) => [`- ${text}`]),
    fc
      .tuple(lineOf, fc.array(fc.tuple(indents, fc.oneof(lineOf, scalars)), { maxLength: 3 }))
      .map(([first, others]) => [`- ${first}`, ...others.map(([indent, line]) => indent + line)]),
  );
  fc.assert(
    fc.property(items, (lines) => {
      // The reader of files starts a new item at these.
      fc.pre(lines.slice(1).every((line) => !/^(-(\s|$)|%|#|\.\.\.\s*$)/.test(line)));
      const usual = readUsualItem(lines);
      if (usual !== undefined) expect(usual).toEqual(parsed(lines));
    }),
    { numRuns: 5_000 },
  );
});

it('reads items that a program writes', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'B', ' ', ',', '.', "'", 'é', '9'),
    minLength: 1,
    maxLength: 20,
  });
  const value = fc.oneof(text, fc.nat(), fc.boolean(), fc.double({ min: 0, max: 99, noNaN: true }));
  const rows = fc.dictionary(fc.constantFrom('prompt', 'seed', 'go_fast', 'mood'), value, { minKeys: 1 });
  let usual = 0;
  fc.assert(
    fc.property(rows, (row) => {
      const lines = stringify([row], { lineWidth: 0 }).trimEnd().split('\n');
      const read = readUsualItem(lines);
      if (read === undefined) return;
      usual += 1;
      expect(read).toEqual({ ...row });
    }),
    { numRuns: 500 },
  );
  expect(usual).toBeGreaterThan(50);
});
