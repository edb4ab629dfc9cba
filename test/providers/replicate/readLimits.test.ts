import { expect, it } from 'vitest';
import { readLimits } from '../../../src/providers/replicate/postPrediction.ts';

const limitsOf = (remaining: string, reset?: string) =>
  readLimits(
    new Headers({
      'ratelimit-remaining': remaining,
      ...(reset === undefined ? {} : { 'ratelimit-reset': reset }),
    }),
  );

it('reads the headers of Replicate: tokens left, and whole seconds until the bucket is full', () => {
  expect(limitsOf('599', '1')).toEqual({ remaining: 599, fullInMs: 1_000 });
  expect(limitsOf('0', '10')).toEqual({ remaining: 0, fullInMs: 10_000 });
  expect(limitsOf('0')).toEqual({ remaining: 0, fullInMs: null });
});

it('reads nothing if there are no headers: on a 401, from Cog', () => {
  expect(readLimits(new Headers({ 'ratelimit-reset': '1' }))).toBeNull();
});

it.each(['', '-1', '1.5', 'NaN', 'many', '599, 598', '1e9', '99999999999'])(
  'reads %j neither as a number of create requests nor as a time',
  (text) => {
    expect(limitsOf(text, '1')).toBeNull();
    expect(limitsOf('5', text)).toEqual({ remaining: 5, fullInMs: null });
  },
);

it('reads no time from a date', () => {
  expect(limitsOf('5', '1790000000')).toEqual({ remaining: 5, fullInMs: null });
});
