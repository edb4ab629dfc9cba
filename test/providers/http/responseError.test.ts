import { describe, expect, it } from 'vitest';
import { errorAnswers, responseError, retryAfterMs } from '../../../src/providers/http/responseError.ts';

const answer = (status: number, text = '{}', headers = {}) =>
  responseError({ method: 'POST', path: '/v1/predictions', status, headers: new Headers(headers), text }, 0);

describe('responseError', () => {
  it.each(errorAnswers)(
    '$status is $code',
    ({ status, code, recoverable, stopsRun, suggestion, meaning }) => {
      const error = answer(status);
      expect(error).toMatchObject({ status, code, recoverable, stopsRun, suggestion });
      expect(error.message).toContain(meaning);
    },
  );

  it('takes 500 for all that is above it, with an unknown outcome of a POST', () => {
    expect(answer(503)).toMatchObject({ code: 'ERR_SERVICE', status: 503, tookEffect: 'unknown' });
  });

  it('says what was wrong with an input', () => {
    const body = {
      title: 'Input validation failed',
      detail: '- x\n',
      status: 422,
      invalid_fields: [{ type: 'enum', field: 'input.aspect_ratio', description: 'must be one of "1:1"' }],
    };
    const error = answer(422, JSON.stringify(body));
    expect(error.message).toContain('input.aspect_ratio: must be one of "1:1"');
    expect(error.suggestion).toContain('Correct aspect_ratio:');
  });

  it('says that it is the version that is wrong', () => {
    const body = {
      title: 'Invalid version or not permitted',
      detail: 'The version does not exist',
      status: 422,
    };
    const error = answer(422, JSON.stringify(body));
    expect(error).toMatchObject({ code: 'ERR_INVALID_INPUT', recoverable: false });
    expect(error.suggestion).toContain('Check the version');
  });

  it('does not know what became of a POST that some machine on the way gave up', () => {
    expect(answer(408)).toMatchObject({ tookEffect: 'unknown', recoverable: true });
  });

  it.each([
    ['a list instead of a text', '{"detail":[{"loc":["body"],"msg":"field required"}],"title":7}'],
    ['null', 'null'],
    ['nothing', ''],
  ])('takes an odd body: %s', (_name, text) => {
    expect(answer(422, text)).toMatchObject({ code: 'ERR_INVALID_INPUT', status: 422 });
  });

  it('shows no HTML, and other texts on one short line', () => {
    expect(answer(502, '<html>Bad gateway</html>').message).not.toContain('html');
    expect(answer(400, 'a\nb'.repeat(500)).message.length).toBeLessThan(500);
  });
});

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
