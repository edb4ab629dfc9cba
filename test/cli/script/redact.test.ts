import { expect, it } from 'vitest';
import { redact } from '../../../src/cli/script/environment.ts';

it('replaces the token everywhere, and anything else that looks like one', () => {
  const token = 'my+secret.token';
  expect(redact(`a ${token} b Bearer ${token}`, token)).toBe('a [token] b Bearer [token]');
  expect(redact('old r8_0123456789abc here', token)).toBe('old [token] here');
  expect(redact('nothing here', null)).toBe('nothing here');
});

it('keeps words that happen to be a stand-in for a token', () => {
  expect(redact('a test', 'test')).toBe('a test');
});
