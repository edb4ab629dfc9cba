import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { truncateDataUrls } from '../../../src/base/modelInput.ts';
import {
  contradiction,
  type Match,
  matchRanks,
  requestMatcher,
} from '../../../src/operators/predictions/matchRequest.ts';
import type { Json, ModelInput } from '../../../src/types.ts';

const model = 'Owner/Name';
const sent = { prompt: 'a cat ', seed: 7, guidance: 3.3, go_fast: true } as const;
const matchOf = (input: ModelInput, shown: ModelInput | null): Match =>
  requestMatcher({ model, version: null, input })({ model, version: null, input: shown });
const long = `data:image/png;base64,${'A'.repeat(2_000)}`;

describe('an input', () => {
  it.each<[string, ModelInput, Match]>([
    [
      'that is the same, in another order',
      { go_fast: true, guidance: 3.3, seed: 7, prompt: 'a cat ' },
      'equal',
    ],
    ['with defaults filled in', { ...sent, num_outputs: 1, aspect_ratio: '1:1' }, 'same'],
    ['in texts', { prompt: 'a cat ', seed: '7', guidance: '3.3', go_fast: 'True' }, 'same'],
    ['in floats of 32 bits', { ...sent, guidance: Math.fround(3.3) }, 'same'],
    ['with a trimmed prompt', { ...sent, prompt: 'a cat' }, 'same'],
    ['with a secret that is not shown', { ...sent, guidance: '[REDACTED]' }, 'same'],
    ['without some values', { prompt: 'a cat', seed: 7 }, 'near'],
    ['with a prompt in capitals', { ...sent, prompt: 'A  CAT' }, 'near'],
    ['with another seed', { ...sent, seed: 8 }, 'other'],
    ['with another seed, as text', { ...sent, seed: '8' }, 'other'],
    ['with another number', { ...sent, guidance: 4 }, 'other'],
    ['with another choice', { ...sent, go_fast: false }, 'other'],
    ['with another prompt', { ...sent, prompt: 'a dog' }, 'other'],
    ['without the prompt', { seed: 7, guidance: 3.3, go_fast: true }, 'other'],
  ])('%s', (_what, shown, match) => {
    expect(matchOf(sent, shown)).toBe(match);
  });

  it.each<[string, Json, Json, Match]>([
    ['a text in another form of Unicode', 'café', 'cafe\u0301', 'same'],
    ['a rounded number', 3.21987, 3.22, 'near'],
    ['a whole number that a float of 32 bits would not tell apart', 2_147_483_646, 2_147_483_647, 'other'],
    ['long data, cut to its hash', long, truncateDataUrls(long), 'equal'],
    ['other long data', long, truncateDataUrls(`${long}B`), 'near'],
    ['data that was stored at an address', long, 'https://replicate.delivery/x.png', 'near'],
    ['a list', ['a', 1], ['a', '1'], 'same'],
    ['a longer list', ['a'], ['a', 'b'], 'other'],
    ['an object with more in it', { a: 1 }, { a: 1, b: 2 }, 'same'],
    ['nothing where nothing was sent', null, null, 'equal'],
    ['nothing where something was sent', 'a', null, 'near'],
    ['a text that is cut with a mark', 'a very long text', 'a very…', 'near'],
    ['a long text that is cut', 'x'.repeat(500), 'x'.repeat(255), 'near'],
    ['a short beginning', 'a cat on a roof', 'a cat', 'other'],
    ['an empty text for a number', 1.5, '', 'other'],
    ['a text that was a token', 'r8_abcdefgh', '[token]', 'same'],
    ['a text without its tokens', 'use r8_a, not r8_b', 'use [token], not [token]', 'near'],
    ['another text without a token', 'use r8_a', 'take [token]', 'other'],
    ['a text that would overlap itself', 'aba', 'ab[token]ba', 'other'],
    ['parts in another order', 'a b c d', 'a [token] c [token] b [token] d', 'other'],
  ])('%s', (_what, value, shown, match) => {
    expect(matchOf({ prompt: 'p', value }, { prompt: 'p', value: shown })).toBe(match);
  });

  it('that is not shown is not known', () => {
    expect(matchOf(sent, null)).toBe('other');
    expect(matchOf({ image: 'a', seed: 1 }, {})).toBe('other');
  });
});

describe('a model', () => {
  const [one, other] = ['a'.repeat(64), 'b'.repeat(64)];
  it.each<[string, { model?: string; version?: string }, string | null, Match]>([
    ['in other letters', { model: 'owner/name' }, null, 'same'],
    ['of another name', { model: 'owner/other' }, null, 'other'],
    ['without a name', { model: '' }, null, 'near'],
    ['without a name, but with the version', { model: '', version: one }, one, 'equal'],
    ['of the version', { version: one.toUpperCase() }, one, 'equal'],
    ['of another version', { version: other }, one, 'other'],
    ['whose version is hidden', { version: 'hidden' }, one, 'equal'],
    ['of any version', { version: other }, null, 'equal'],
  ])('%s', (_what, shown, version, match) => {
    const matcher = requestMatcher({ model, version, input: sent });
    expect(matcher({ model, version: null, input: sent, ...shown })).toBe(match);
  });
});

const names = fc.constantFrom('seed', 'width', 'guidance', 'style', 'flag', 'image', 'list');
const values: fc.Arbitrary<Json> = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.boolean(),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.array(fc.string({ maxLength: 9 }), { maxLength: 3 }),
);
const inputs = fc
  .record({
    prompt: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
    rest: fc.dictionary(names, values),
  })
  .map(({ prompt, rest }): ModelInput => ({ ...rest, prompt }));

/** Ways in which a service may show a value. */
const respellings: readonly ((value: Json) => Json)[] = [
  (value) => value,
  (value) => (typeof value === 'string' ? value.normalize('NFC').trim() : value),
  (value) => (typeof value === 'string' ? ` ${value.normalize('NFD')}\n` : value),
  (value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value),
  (value) => (typeof value === 'number' && !Number.isInteger(value) ? Math.fround(value) : value),
  () => '[REDACTED]',
];

describe('each input', () => {
  it('is equal to itself, read from JSON', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const shown = JSON.parse(JSON.stringify(input));
        expect(matchOf(input, shown)).toBe('equal');
      }),
    );
  });

  it('stays the same in another spelling, and with defaults filled in', () => {
    const ways = fc.array(fc.nat(respellings.length - 1), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(inputs, ways, (input, chosen) => {
        const shown = Object.fromEntries(
          Object.entries(input).map(([name, value], at) => [
            name,
            respellings[chosen[at] ?? 0]?.(value) ?? value,
          ]),
        );
        expect(matchRanks[matchOf(input, { ...shown, filled_in: 1 })]).toBeGreaterThanOrEqual(
          matchRanks.same,
        );
      }),
    );
  });

  it('is another one with another seed or prompt', () => {
    fc.assert(
      fc.property(inputs, fc.nat(1_000), (input, seed) => {
        expect(matchOf({ ...input, seed }, { ...input, seed: seed + 1 })).toBe('other');
        expect(matchOf(input, { ...input, prompt: `${input.prompt}#another` })).toBe('other');
      }),
    );
  });

  it('is near if a part of it is left out', () => {
    fc.assert(
      fc.property(inputs, names, (input, name) => {
        fc.pre(input[name] !== undefined);
        const { [name]: _left, ...less } = input;
        expect(matchOf(input, less)).toBe('near');
      }),
    );
  });
});

describe('a response', () => {
  const request = { model, version: 'a'.repeat(64), input: sent };
  const right = { model: 'owner/name', version: 'hidden', input: { prompt: 'a cat' } };
  it.each([
    ['that is right', right, null],
    ['without its input', { ...right, input: null }, null],
    ['with a prompt that is not shown', { ...right, input: { prompt: '[REDACTED]' } }, null],
    ['about another model', { ...right, model: 'evil/other' }, 'model'],
    ['about another version', { ...right, version: 'b'.repeat(64) }, 'version'],
    ['about another prompt', { ...right, input: { prompt: 'quite another' } }, 'prompt'],
  ])('%s', (_what, shown, differing) => {
    expect(contradiction(request, shown)).toBe(differing);
  });
});
