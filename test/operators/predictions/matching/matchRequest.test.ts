import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { truncateDataUrls } from '../../../../src/base/modelInput.ts';
import { isAtLeast, type Match, matchRanks } from '../../../../src/operators/predictions/matching/match.ts';
import {
  contradiction,
  requestMatcher,
} from '../../../../src/operators/predictions/matching/matchRequest.ts';
import type { Json, ModelInput } from '../../../../src/types.ts';

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
    ['without the prompt', { seed: 7, guidance: 3.3, go_fast: true }, 'near'],
    ['with an empty prompt', { ...sent, prompt: '' }, 'near'],
    ['with a prompt that is not shown', { ...sent, prompt: '[REDACTED]' }, 'near'],
    ['with a prompt in HTML', { ...sent, prompt: 'a&#32;c&#x61;t&nbsp;' }, 'near'],
    ['with other signs in the prompt', { ...sent, prompt: '“A cat”!' }, 'faint'],
    ['with the beginning of the prompt', { ...sent, prompt: 'a c' }, 'faint'],
    ['with a prompt of which a part is hidden', { ...sent, prompt: 'a ***' }, 'faint'],
    ['with another prompt, and a part that is hidden', { ...sent, prompt: 'two ***' }, 'other'],
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
    ['a whole number as a float of 32 bits', 1_234_567_891, 1_234_567_936, 'near'],
    ['a whole number as one of 32 bits', 3_000_000_000, -1_294_967_296, 'near'],
    ['a number without its decimals', 3.7, 3, 'near'],
    ['a switch as a number', true, 1, 'same'],
    ['another switch as a number', true, 0, 'other'],
    ['a list', ['a', 1], ['a', '1'], 'same'],
    ['a longer list', ['a'], ['a', 'b'], 'other'],
    ['a list that is cut', ['a', 'b', 'c'], ['a', 'b'], 'near'],
    ['a list of one, as that one', ['a'], 'a', 'near'],
    ['a list as JSON', ['a', 'b'], '["a", "b"]', 'equal'],
    ['an object with more in it', { a: 1 }, { a: 1, b: 2 }, 'same'],
    ['an object as JSON', { a: 1 }, '{"a":1.0}', 'equal'],
    ['an object in place of a text', 'a', { name: 'a' }, 'faint'],
    ['nothing where nothing was sent', null, null, 'equal'],
    ['a default where nothing was sent', null, 'png', 'same'],
    ['nothing where something was sent', 'a', null, 'near'],
    ['a secret in brackets', 'hunter2', '<hidden>', 'same'],
    ['a secret as a mask', 'hunter2', '********', 'same'],
    ['a secret that was hidden before', '[secret]', 'hunter2', 'equal'],
    ['a secret as a hash', 'hunter2', 'sha256:f52fbd32', 'faint'],
    ['a secret as a number', 'hunter2', 7, 'faint'],
    ['a secret as a switch', 'hunter2', true, 'faint'],
    ['a broken character, replaced', 'a\ud83d', 'a\ufffd', 'same'],
    ['a text that is cut with a mark', 'a very long text', 'a very…', 'near'],
    ['a long text that is cut', 'x'.repeat(500), 'x'.repeat(255), 'near'],
    ['a short beginning', 'a cat on a roof', 'a cat', 'faint'],
    ['an empty text for a number', 1.5, '', 'other'],
    ['a text that was a token', 'r8_abcdefgh', '[token]', 'same'],
    ['a text without its tokens', 'use r8_a, not r8_b', 'use [token], not [token]', 'faint'],
  ])('%s', (_what, value, shown, match) => {
    expect(matchOf({ prompt: 'p', value }, { prompt: 'p', value: shown })).toBe(match);
  });

  it.each([
    ['without its tokens may be the one', 'use r8_a, not r8_b', 'use [token], not [token]', 'faint'],
    ['without a token may be another', 'use r8_a', 'take [token]', 'other'],
    ['does not overlap itself', 'aba', 'ab[token]ba', 'other'],
    ['has its parts in their order', 'a b c d', 'a [token] c [token] b [token] d', 'other'],
  ])('whose prompt %s', (_what, prompt, shown, match) => {
    expect(matchOf({ prompt }, { prompt: shown })).toBe(match);
  });

  it('that is not shown may be any', () => {
    expect(matchOf(sent, null)).toBe('faint');
    expect(matchOf({ image: 'a', seed: 1 }, {})).toBe('faint');
    expect(matchOf({}, {})).toBe('equal');
  });

  const image = 'https://files.example/my-own-image.png';
  it.each<[string, ModelInput, ModelInput, Match]>([
    ['if the rest tells little', { image, scale: 2 }, { image: '[REDACTED]', scale: 2 }, 'near'],
    ['if the rest tells enough', { image, key: 'k' }, { image, key: '[REDACTED]' }, 'same'],
    ['if nothing else is there', { image }, { image: '[REDACTED]' }, 'faint'],
  ])('without a prompt of which a part is hidden, %s', (_when, input, shown, match) => {
    expect(matchOf(input, shown)).toBe(match);
  });

  it.each<[string, ModelInput]>([
    ['shows them', { ...sent, key: 'k' }],
    ['leaves them out', sent],
    ['shows something else', { ...sent, key: 'sha256:8254c329' }],
  ])('is compared without its secrets, if the service %s', (_how, shown) => {
    expect(isAtLeast(matchOf({ ...sent, key: '[secret]' }, shown), 'same')).toBe(true);
    // Without a prompt as well.
    const { prompt: _prompt, ...rest } = sent;
    const { prompt: _shown, ...shownRest } = shown;
    expect(isAtLeast(matchOf({ ...rest, key: '[secret]' }, shownRest), 'same')).toBe(true);
  });
});

describe('a model', () => {
  const [one, other] = ['a'.repeat(64), 'b'.repeat(64)];
  it.each<[string, { model?: string; version?: string }, string | null, Match]>([
    ['in other letters', { model: 'owner/name' }, null, 'same'],
    ['with its version', { model: `owner/name:${one}` }, null, 'same'],
    ['by its address', { model: 'https://replicate.com/Owner/Name/' }, null, 'same'],
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
    prompt: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => text.trim() !== ''),
    rest: fc.dictionary(names, values),
  })
  .map(({ prompt, rest }): ModelInput => ({ ...rest, prompt }));

/** Spellings of a service that show the whole value, or that it is a secret. */
const respellings: readonly ((value: Json) => Json)[] = [
  (value) => value,
  (value) => (typeof value === 'string' ? value.normalize('NFC').trim() : value),
  (value) => (typeof value === 'string' ? ` ${value.normalize('NFD')}\n` : value),
  (value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value),
  (value) => (typeof value === 'number' && !Number.isInteger(value) ? Math.fround(value) : value),
  () => '[REDACTED]',
];

/** Spellings that show less. */
const losses: readonly ((value: Json, cutAt: number) => Json | undefined)[] = [
  () => undefined,
  () => null,
  (value) => (typeof value === 'number' ? Math.fround(value) : value),
  (value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value),
  (value) => (typeof value === 'string' ? value.toUpperCase() : value),
  (value) => (typeof value === 'string' ? value.replaceAll('&', '&amp;').replaceAll('"', '&#34;') : value),
  (value, cutAt) => (typeof value === 'string' ? value.slice(0, 1 + cutAt) : value),
  (value, cutAt) => (typeof value === 'string' ? `${[...value].slice(0, 1 + cutAt).join('')}…` : value),
  (value) => (typeof value === 'string' ? '****' : value),
  (value, cutAt) => (Array.isArray(value) ? value.slice(0, cutAt) : value),
  (value) => (Array.isArray(value) ? JSON.stringify(value) : value),
];

const spellings = [...respellings, ...losses];
const respelled = (
  input: ModelInput,
  ways: readonly ((value: Json, cutAt: number) => Json | undefined)[],
  chosen: readonly number[],
): ModelInput =>
  Object.fromEntries(
    Object.entries(input).flatMap(([name, value], at) => {
      const way = ways[(chosen[at] ?? 0) % ways.length];
      const shown = way?.(value, chosen[at + 1] ?? 0);
      return shown === undefined ? [] : [[name, shown]];
    }),
  );
const choices = fc.array(fc.nat(99), { minLength: 9, maxLength: 9 });

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
    fc.assert(
      fc.property(inputs, choices, (input, chosen) => {
        const { prompt: hidden, ...shown } = respelled(input, respellings, chosen);
        const prompt = hidden === '[REDACTED]' ? input.prompt : hidden;
        const match = matchOf(input, { ...shown, prompt: prompt ?? null, filled_in: 1 });
        expect(matchRanks[match]).toBeGreaterThanOrEqual(matchRanks.same);
      }),
    );
  });

  it('is never another one, even if the service hides, changes or leaves out inputs', () => {
    fc.assert(
      fc.property(inputs, choices, (input, chosen) => {
        expect(matchOf(input, respelled(input, spellings, chosen))).not.toBe('other');
      }),
      { numRuns: Number(process.env.SPELLINGS ?? 500) },
    );
  });

  it('is not taken for one whose prompt is not shown', () => {
    fc.assert(
      fc.property(inputs, choices, (input, chosen) => {
        const { prompt: _prompt, ...shown } = respelled(input, respellings, chosen);
        expect(isAtLeast(matchOf(input, { ...shown, prompt: '[REDACTED]' }), 'same')).toBe(false);
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
    [
      'about the beginning of the prompt, which is another one',
      { ...right, input: { prompt: 'a c' } },
      'prompt',
    ],
    ['with a prompt that is cut, and says so', { ...right, input: { prompt: 'a c…' } }, null],
    ['with a prompt whose signs are replaced', { ...right, input: { prompt: '“a cat”' } }, null],
  ])('%s', (_what, shown, differing) => {
    expect(contradiction(request, shown)).toBe(differing);
  });

  it('may cut a long prompt without a mark', () => {
    const prompt = 'a cat in the rain, '.repeat(10);
    const shown = { ...right, input: { prompt: prompt.slice(0, 120) } };
    expect(contradiction({ ...request, input: { prompt } }, shown)).toBeNull();
  });
});
