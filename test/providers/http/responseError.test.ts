import { describe, expect, it } from 'vitest';
import { errorAnswers } from '../../../src/providers/http/errorAnswers.ts';
import { responseError } from '../../../src/providers/http/responseError.ts';

const answer = (status: number, text = '{"detail":"so it is","status":0}', method = 'POST') =>
  responseError({ method, path: '/v1/predictions', status, headers: new Headers(), text }, 0);
const page = '<html>Sorry</html>';

describe('responseError', () => {
  it.each(errorAnswers)(
    '$status is $code',
    ({ status, code, recoverable, stopsRun, suggestion, meaning }) => {
      const error = answer(status);
      expect(error).toMatchObject({ status, code, recoverable, stopsRun, suggestion });
      expect(error.message).toContain(meaning);
    },
  );

  it('treats all codes above 500 like 500, with an unknown outcome of a POST', () => {
    expect(answer(503)).toMatchObject({ code: 'ERR_SERVICE', status: 503, tookEffect: 'unknown' });
  });

  it('shows the address of a request that a base URL without /v1 has made', () => {
    const hintFor = (path: string) => {
      const own = { origin: 'http://127.0.0.1:8787', path, headers: new Headers() };
      return responseError({ ...own, method: 'GET', status: 404, text: 'none' }, 0).suggestion;
    };
    expect(hintFor('/models/o/n')).toBe(
      'Check the base URL: that of the API ends in /v1, and this request went to http://127.0.0.1:8787/models/o/n',
    );
    expect(hintFor('/v1/models/o/n')).toBe('Check the base URL.');
  });

  it('names the fault of an input', () => {
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

  it.each([
    [429, "You've hit your monthly spend limit. You can change it in your account."],
    [429, 'Insufficient credits. Purchase credit to continue.'],
    [402, 'Monthly spending limit reached'],
  ])('reports for a %i that no more may be spent, in the words of the service: %s', (status, detail) => {
    const error = answer(status, JSON.stringify({ title: 'No', detail, status }));
    expect(error.message).toBe(
      `POST /v1/predictions failed with ${status}: the account may not spend more (${detail})`,
    );
    expect(error.suggestion).toContain('https://replicate.com/account/billing');
    expect(error).toMatchObject({ reason: detail, stopsRun: status === 402, recoverable: status === 429 });
  });

  it('recognizes the slower pace of an account with little credit', () => {
    const detail =
      'Request was throttled. Your rate limit is reduced to 6 requests per minute while you have less than $5.0 in credit. It resets in ~9s.';
    const error = answer(429, JSON.stringify({ detail }));
    expect(error.message).toContain('requests come faster');
    expect(error).toMatchObject({ reason: detail, retryAfterMs: 9_000 });
  });

  it('has a reason without tags and control characters, on one short line', () => {
    const detail = `<p>Your <b class="x">limit</b>\n is \u001B[31m< $5</p> ${'x'.repeat(5_000)}`;
    const { reason } = answer(402, JSON.stringify({ detail }));
    expect(reason).toMatch(/^Your limit is \[31m< \$5 x+$/);
    expect(reason).toHaveLength(300);
    expect(answer(402, page).reason).toBeNull();
  });

  it('reports that the version is wrong', () => {
    const body = {
      title: 'Invalid version or not permitted',
      detail: 'The version does not exist',
      status: 422,
    };
    const error = answer(422, JSON.stringify(body));
    expect(error).toMatchObject({ code: 'ERR_INVALID_INPUT', recoverable: false });
    expect(error.suggestion).toContain('Check the version');
  });

  it.each([
    300, 301, 302, 303, 307, 308, 405, 408, 409, 410, 411, 415, 421, 425, 431, 451, 460, 499, 500, 502, 504,
    520, 599,
  ])('does not know the effect of a POST after a %i with any body', (status) => {
    expect(answer(status)).toMatchObject({ tookEffect: 'unknown', recoverable: true, stopsRun: false });
    expect(answer(status, page)).toMatchObject({ tookEffect: 'unknown', recoverable: true, stopsRun: false });
  });

  it.each([400, 403, 404, 422])('treats a %i as a refusal only in the words of the API', (status) => {
    expect(answer(status)).toMatchObject({ tookEffect: 'no', recoverable: false });
    for (const text of [
      page,
      '',
      'x',
      'null',
      '[]',
      '{}',
      '{"error":"no"}',
      '{"message":"Forbidden"}',
      '"no"',
    ]) {
      expect(answer(status, text)).toMatchObject({
        code: 'ERR_REFUSED',
        tookEffect: 'unknown',
        recoverable: true,
      });
    }
  });

  it.each([401, 402])('ends the run after a %i of a gateway, with an unknown outcome of a POST', (status) => {
    expect(answer(status)).toMatchObject({ tookEffect: 'no', stopsRun: true });
    expect(answer(status, page)).toMatchObject({ tookEffect: 'unknown', stopsRun: true });
  });

  it('knows that a gateway found a request too large, but not its effect', () => {
    expect(answer(413)).toMatchObject({ tookEffect: 'no', code: 'ERR_TOO_LARGE' });
    expect(answer(413, page)).toMatchObject({
      code: 'ERR_TOO_LARGE',
      tookEffect: 'unknown',
      recoverable: false,
    });
  });

  it('treats a 429 as a refusal, from the service or from a gateway', () => {
    expect(answer(429, page)).toMatchObject({ code: 'ERR_THROTTLED', tookEffect: 'no', recoverable: true });
  });

  it('knows that reads have no effect', () => {
    for (const status of [302, 404, 409, 500]) {
      expect(answer(status, page, 'GET')).toMatchObject({ tookEffect: 'no', recoverable: true });
    }
  });

  it('believes the status of a service without a gateway', () => {
    const direct = (status: number) =>
      responseError(
        { method: 'PUT', path: '/predictions/a', status, headers: new Headers(), text: 'no', isDirect: true },
        0,
      );
    expect(direct(422)).toMatchObject({ code: 'ERR_INVALID_INPUT', tookEffect: 'no', recoverable: false });
    expect(direct(405)).toMatchObject({ code: 'ERR_REFUSED', tookEffect: 'no', recoverable: false });
    expect(direct(408)).toMatchObject({ tookEffect: 'unknown', recoverable: true });
    expect(direct(503)).toMatchObject({ tookEffect: 'unknown', recoverable: true });
  });

  it('accepts a list instead of a text, as Cog sends it, as the words of the API', () => {
    const text = '{"detail":[{"loc":["body"],"msg":"field required"}],"title":7}';
    const error = answer(422, text);
    expect(error).toMatchObject({ code: 'ERR_INVALID_INPUT', status: 422, tookEffect: 'no' });
    expect(error.message).toContain('body: field required');
  });

  it('shows no HTML, and other texts on one short line', () => {
    expect(answer(502, '<html>Bad gateway</html>').message).not.toContain('html');
    expect(answer(400, 'a\nb'.repeat(500)).message.length).toBeLessThan(500);
  });
});
