import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../../src/providers/http/retryAfterMs.ts';

describe('retryAfterMs', () => {
  it.each([
    ['the header in seconds', { 'retry-after': '7', 'ratelimit-reset': '1' }, { retry_after: 5 }, 7_000],
    ['the header as a date', { 'retry-after': 'Thu, 01 Jan 1970 00:00:09 GMT' }, {}, 9_000],
    ['the body before its detail', {}, { retry_after: 5, detail: 'resets in ~30s' }, 5_000],
    ['the detail', {}, { detail: 'Your rate limit resets in ~30s.' }, 30_000],
    ['the detail in its older form', {}, { detail: 'Expected available in 3 second.' }, 3_000],
    ['the bucket', { 'ratelimit-reset': '4' }, { detail: 'slow down' }, 4_000],
    [
      'a date by the clock of the service',
      { 'retry-after': 'Thu, 01 Jan 1970 02:00:09 GMT', date: 'Thu, 01 Jan 1970 02:00:00 GMT' },
      {},
      9_000,
    ],
    ['a date that is past', { 'retry-after': 'Wed, 31 Dec 1969 23:59:59 GMT' }, {}, 0],
    ['past a header that says nothing', { 'retry-after': '-5' }, { retry_after: '6' }, 6_000],
    ['past a body of another shape', { 'ratelimit-reset': '2' }, { retry_after: true, detail: 7 }, 2_000],
    ['nothing', {}, null, null],
  ])('reads %s', (_name, headers, body, expected) => {
    expect(retryAfterMs(new Headers(headers), body, 0)).toBe(expected);
  });
});
