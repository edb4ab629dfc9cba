import { expect, it } from 'vitest';
import { responseError } from '../../../src/providers/http/responseError.ts';

const of = (status: number, text: string) =>
  responseError({ method: 'POST', path: '/v1/predictions', status, headers: new Headers(), text }, 0);
const page = (title: string, words: string) =>
  `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${words}</h1></body></html>`;

it.each([
  [403, page('Notice', 'Blocked by policy: generative AI'), '“Notice”'],
  [403, '<html><body>Access denied by the web filter</body></html>', 'Access denied'],
  [401, page('Guest network', 'Log in to the captive portal'), '“Guest network”'],
  [511, page('Hotel', 'Welcome'), '“Hotel”'],
  [407, page('Proxy', 'Who are you?'), '“Proxy”'],
])('ends the run after a %i with a page that blocks, and proves nothing', (status, text, shown) => {
  const error = of(status, text);
  expect(error).toMatchObject({ code: 'ERR_WEB_PAGE', stopsRun: true, tookEffect: 'unknown' });
  expect(error.message).toContain('a web page');
  expect(error.message).toContain(shown);
  expect(error.suggestion).toContain('a web filter');
});

it('names another page, after which a create request is looked up', () => {
  const error = of(403, page('Oops', 'Try again'));
  expect(error).toMatchObject({ code: 'ERR_REFUSED', stopsRun: false, tookEffect: 'unknown' });
  expect(error.message).toContain('a web page, “Oops”, and not a response of the service');
});

it('knows a block of the service itself, which is JSON', () => {
  const error = of(403, JSON.stringify({ title: 'Forbidden', detail: 'Blocked by policy' }));
  expect(error).toMatchObject({ code: 'ERR_FORBIDDEN', stopsRun: false, tookEffect: 'no' });
});
