import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkInput } from '../../../src/sources/modelInputs/checkInput.ts';
import { linearPattern } from '../../../src/sources/modelInputs/linearPattern.ts';

it.each([
  ['^#[0-9a-f]{6}$', '#00ff7f', true],
  ['^#[0-9a-f]{6}$', '#00ff7', false],
  ['b', 'abc', true],
  ['^(?P<year>\\d{4})$', '2026', true],
  ['^\\w+$', 'a b', false],
  // Python counts ä among letters, RE2 does not.
  ['^\\w+$', 'ä', true],
  ['^a+$', 'ä', false],
])('tests %s on %s', (pattern, text, expected) => {
  expect(linearPattern(pattern).test(text)).toBe(expected);
});

it.each([
  ['an unknown notation', '^(?=a)b', 'x'],
  ['a reference back', '^(a)\\1$', 'x'],
  ['a broken one', '(', 'x'],
  ['a long one', '^a{1000}$'.repeat(100), 'x'],
  ['too many steps', '^(x{1000})$', 'a'.repeat(10_000)],
])('leaves %s to the service', (_name, pattern, text) => {
  expect(linearPattern(pattern).test(text)).toBe(true);
});

it.each(['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '^([a-zA-Z]+)*$', '^(.*a){20}$', '(a?){25}a{25}b'])(
  'ends soon with %s, which a backtracking engine never finishes',
  (pattern) => {
    const property = { type: 'string', pattern } as const;
    expect(() => checkInput('size', `${'a'.repeat(40)}!`, property)).toThrow('a text that matches');
  },
);

it('keeps patterns of one schema apart', () => {
  const items = {
    type: null,
    anyOf: ['^a$', '^b$'].map((pattern) => ({ type: 'string', pattern }) as const),
  };
  const check = (value: string) => () => checkInput('it', [value], { type: 'array', items });
  expect(check('a')).not.toThrow();
  expect(check('b')).not.toThrow();
  expect(check('c')).toThrow('Expected `it[0]`');
});

it('agrees with JavaScript on patterns that both know', () => {
  const atom = fc.constantFrom('a', 'b', '[ab]', '[^a]', '.', '(a|bb)', 'c?');
  const part = fc.tuple(atom, fc.constantFrom('', '*', '+', '?', '{1,2}')).map(([one, times]) => one + times);
  const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).map((list) => list.join(''));
  const whole = fc.tuple(pattern, fc.boolean()).map(([text, isWhole]) => (isWhole ? `^(?:${text})$` : text));
  fc.assert(
    fc.property(
      whole.filter(isSimple),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 }),
      (p, text) => {
        expect(linearPattern(p).test(text)).toBe(new RegExp(p, 'u').test(text));
      },
    ),
    { numRuns: 200 },
  );
});

/** `a?*` is an error in JavaScript. */
function isSimple(pattern: string): boolean {
  return !/[?*+}][*+?{]/.test(pattern);
}
