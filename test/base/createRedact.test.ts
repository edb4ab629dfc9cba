import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRedact } from '../../src/base/secrets.ts';

const token = 'r8_S3cr3t/T0ken+A~z';
const redact = createRedact([token, null, undefined]);
const hex = (character: string, digits: number) => character.charCodeAt(0).toString(16).padStart(digits, '0');
const each = (form: (character: string) => string) => token.split('').map(form).join('');

it.each([
  ['as it is', token],
  ['as JSON may write it', each((character) => `\\u${hex(character, 4)}`)],
  ['as JSON in JSON may write it', each((character) => `\\\\u${hex(character, 4).toUpperCase()}`)],
  ['with a slash escaped', token.replace('/', '\\/')],
  ['as part of a URL', encodeURIComponent(token)],
  ['as part of a part of a URL', encodeURIComponent(encodeURIComponent(token))],
  ['with all characters percent-encoded', each((character) => `%${hex(character, 2).toUpperCase()}`)],
  ['mixed', token.replace('r', '%72').replace('8', '\\u0038')],
])('replaces a secret %s', (_name, form) => {
  expect(redact(`Bearer ${form}, ${form}.`)).toBe('Bearer [token], [token].');
});

it('replaces a secret in base64, wherever it begins, so that the rest can be decoded', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.constantFrom('base64', 'base64url'),
      (before, after, alphabet) => {
        const clean = redact(Buffer.from(before + token + after).toString(alphabet as 'base64'));
        const decoded = Buffer.from(clean, alphabet as 'base64').toString('latin1');
        expect(decoded).not.toContain(token.slice(2, -2));
        const [first, last] = [before, after].map((text) => Buffer.from(text).toString('latin1'));
        expect(decoded.startsWith(first!)).toBe(true);
        expect(decoded.endsWith(last!)).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

it('leaves other texts as they are', () => {
  const safe = fc.string({ unit: 'binary' }).filter((text) => !text.includes(token));
  fc.assert(fc.property(safe, (text) => redact(text) === text));
  expect(redact('r8_S3cr3t, https://a/b%2Fc?x=\\u0041')).toBe('r8_S3cr3t, https://a/b%2Fc?x=\\u0041');
});

it('treats no word as a secret', () => {
  expect(createRedact(['test', ''])('a test')).toBe('a test');
  expect(createRedact(['r8_test'])('a r8_test')).toBe('a [token]');
  expect(createRedact(['simulate', 'whsec_c2VjcmV0'])('whsec_c2VjcmV0 simulates')).toBe('[token] [token]s');
});

it('takes linear time on texts of escapes', () => {
  for (const text of ['\\', '%25', '\\\\u0072', '%25252572']) {
    const long = text.repeat(300_000);
    expect(createRedact([token])(long)).toHaveLength(long.length);
  }
});
