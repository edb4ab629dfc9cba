import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { accountOf, replicateBaseUrl } from '../../../src/providers/replicate/credentials.ts';

const token = 'r8_of_the_environment';
const secret = 'an-aws-secret-of-some-length';
const env = {
  REPLICATE_API_TOKEN: token,
  REPLICATE_BASE_URL: 'http://127.0.0.1:9/v1/',
  AWS_SECRET_ACCESS_KEY: secret,
};

it('takes token, address and secrets of the environment', () => {
  const found = { token, baseUrl: 'http://127.0.0.1:9/v1', secrets: [token, secret] };
  expect(accountOf({}, env)).toEqual(found);
  expect(accountOf({}, { REPLICATE_API_TOKEN: token }).baseUrl).toBe(replicateBaseUrl);
  expect(accountOf({ baseUrl: 'https://a.example', secrets: ['b'] }, env)).toEqual({
    token,
    baseUrl: 'https://a.example',
    secrets: ['b', token, secret],
  });
});

it('sends a token that was given to no address of the environment', () => {
  expect(accountOf({ token: 'r8_own' }, env)).toEqual({
    token: 'r8_own',
    baseUrl: replicateBaseUrl,
    secrets: [],
  });
});

it('refuses to start without a token, and names its source', () => {
  expect(() => accountOf({}, { REPLICATE_API_TOKEN: '' })).toThrow(UsageError);
  expect(() => accountOf({}, {})).toThrow('set `REPLICATE_API_TOKEN`, or create the provider with a `token`');
  expect(() => accountOf({ token: '' }, env)).toThrow('got an empty one');
});
