import { firstValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { createClaims } from '../../../src/operators/predictions/claims.ts';

it('gives each prediction to one job', async () => {
  const claims = createClaims();
  expect(await firstValueFrom(claims.take('a', null))).toBe(true);
  expect(await firstValueFrom(claims.take('a', null))).toBe(false);
  expect(claims.has('a')).toBe(true);
  expect(claims.has('b')).toBe(false);
});

it('claims when it is subscribed to, not before', () => {
  const claims = createClaims();
  claims.take('a', null);
  expect(claims.has('a')).toBe(false);
});

it('knows the predictions of earlier runs, and those that it learns of', async () => {
  const claims = createClaims(['a']);
  claims.know(['b']);
  expect(await firstValueFrom(claims.take('a', null))).toBe(false);
  expect(await firstValueFrom(claims.take('b', null))).toBe(false);
});
