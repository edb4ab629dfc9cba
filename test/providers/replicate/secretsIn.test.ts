import { expect, it } from 'vitest';
import { secretsIn } from '../../../src/providers/replicate/credentials.ts';

it('finds the credentials of all services, but no names that serve as such', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  const token = `r8_${'0'.repeat(37)}`;
  const keys = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: ` ${secret} ` };
  expect(secretsIn({ ...keys, REPLICATE_API_TOKEN: token })).toEqual([token, secret]);
  expect(secretsIn({ AWS_SECRET_ACCESS_KEY: 'minioadmin' })).toEqual([]);
  expect(secretsIn({})).toEqual([]);
});
