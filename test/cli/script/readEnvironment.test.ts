import { expect, it } from 'vitest';
import { readEnvironment } from '../../../src/cli/script/environment.ts';

it('reads token, base URL and colour', () => {
  const env = { REPLICATE_API_TOKEN: ' r8_x\n', REPLICATE_BASE_URL: 'http://localhost:1/v1/', NO_COLOR: '1' };
  expect(readEnvironment(env)).toEqual({ token: 'r8_x', baseUrl: 'http://localhost:1/v1', noColor: true });
});

it('treats empty variables as absent ones', () => {
  const nothing = { token: null, baseUrl: null, noColor: false };
  expect(readEnvironment({})).toEqual(nothing);
  expect(readEnvironment({ REPLICATE_API_TOKEN: ' ', REPLICATE_BASE_URL: '', NO_COLOR: '' })).toEqual(
    nothing,
  );
});

it('refuses a token that no header can carry, without showing it', () => {
  const read = () => readEnvironment({ REPLICATE_API_TOKEN: 'r8_secret with space' });
  expect(read).toThrow(/REPLICATE_API_TOKEN/);
  expect(read).not.toThrow(/secret/);
});

it.each([
  ['"r8_secret"', 'quotation marks'],
  ["'r8_secret'", 'quotation marks'],
  ['r8_secret"', 'quotation marks'],
  [' “r8_secret” ', 'quotation marks'],
  ['Bearer r8_secret', 'a word before the token'],
  ['Token: r8_secret', 'a word before the token'],
  ['REPLICATE_API_TOKEN=r8_secret', 'its own name'],
  ['export REPLICATE_API_TOKEN=r8_secret', 'its own name'],
  ['<your-secret>', 'a stand-in'],
  ['$REPLICATE_secret', 'a stand-in'],
])('names the characters around a token, and never the token: %s', (text, named) => {
  const read = () => readEnvironment({ REPLICATE_API_TOKEN: text });
  expect(read).toThrow(named);
  expect(read).not.toThrow(/secret/);
});

it.each(['api.replicate.com/v1', '"https://api.replicate.com/v1"', 'https://', '//x', 'http://a b/'])(
  'refuses the base URL %s in words',
  (url) => {
    expect(() => readEnvironment({ REPLICATE_BASE_URL: url })).toThrow(
      'Expected `REPLICATE_BASE_URL` to be an http or https URL',
    );
  },
);

it('refuses a base URL that is none', () => {
  expect(() => readEnvironment({ REPLICATE_BASE_URL: 'localhost:8787' })).toThrow(
    "Expected `REPLICATE_BASE_URL` to be an http or https URL without password, query or fragment, got 'localhost:8787'",
  );
});
