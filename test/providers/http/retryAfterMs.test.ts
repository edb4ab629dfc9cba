import fc from 'fast-check';
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
    ['a date that is past', { 'retry-after': 'Wed, 31 Dec 1969 23:59:59 GMT' }, {}, null],
    ['past a wait of 0', { 'retry-after': '0', 'ratelimit-reset': '3' }, { retry_after: 0 }, 3_000],
    ['past a date in another field', { 'ratelimit-reset': '1767225600' }, {}, null],
    ['31 years', { 'retry-after': '1000000000' }, {}, 1e12],
    ['a date in the old form', { 'retry-after': 'Thursday, 01-Jan-70 00:00:09 GMT' }, {}, 9_000],
    ['past a header that says nothing', { 'retry-after': '-5' }, { retry_after: '6' }, 6_000],
    ['past a body of another shape', { 'ratelimit-reset': '2' }, { retry_after: true, detail: 7 }, 2_000],
    ['nothing', {}, null, null],
  ])('reads %s', (_name, headers, body, expected) => {
    expect(retryAfterMs(new Headers(headers), body, 0)).toBe(expected);
  });

  it.each([
    '-1',
    '-5.5',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e9',
    '0x10',
    'soon',
    'in 5 minutes',
    'later 2050',
    '',
  ])('treats %j as no wait', (value) => {
    expect(retryAfterMs(new Headers({ 'retry-after': value }), { retry_after: value }, 0)).toBe(null);
  });

  it('never returns anything but a time above 0, or null', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.string(), (header, inBody, detail) => {
        const headers = new Headers();
        for (const name of ['retry-after', 'ratelimit-reset']) {
          try {
            headers.set(name, header);
          } catch {
            // No value of a header.
          }
        }
        const waitMs = retryAfterMs(headers, { retry_after: inBody, detail }, 0);
        expect(waitMs === null || (waitMs > 0 && Number.isFinite(waitMs))).toBe(true);
      }),
    );
  });
});
