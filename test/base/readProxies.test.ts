import { expect, it } from 'vitest';
import { readProxies } from '../../src/base/proxies.ts';

const proxy = 'http://proxy.example:3128';

it.each([
  [{}, null],
  [{ HTTPS_PROXY: '' }, null],
  [{ ALL_PROXY: 'socks5://127.0.0.1:1080' }, null],
  [{ HTTPS_PROXY: proxy }, { HTTPS_PROXY: proxy }],
  [{ http_proxy: proxy, HTTP_PROXY: 'http://other.example' }, { HTTP_PROXY: proxy }],
  [{ HTTP_PROXY: 'proxy.example:3128' }, { HTTP_PROXY: proxy }],
  [{ ALL_PROXY: proxy }, { HTTP_PROXY: proxy, HTTPS_PROXY: proxy }],
  [
    { all_proxy: proxy, HTTP_PROXY: 'http://a:b@c.example/' },
    { HTTP_PROXY: 'http://a:b@c.example', HTTPS_PROXY: proxy },
  ],
])('reads %j', (env, expected) => {
  const read = readProxies(env);
  if (expected === null) expect(read).toBeNull();
  else expect(read).toEqual({ ...expected, NO_PROXY: expect.stringContaining('127.0.0.1,') });
});

it('adds this machine to the hosts that are reached directly', () => {
  const read = readProxies({ HTTPS_PROXY: proxy, NO_PROXY: 'a.example, .b.example' });
  expect(read?.NO_PROXY.split(',').slice(0, 3)).toEqual(['a.example', '.b.example', 'localhost']);
});

it('refuses an address that is not a proxy, without showing a password', () => {
  const read = () => readProxies({ HTTPS_PROXY: 'socks5://me:hidden@proxy.example' });
  expect(read).toThrow('Expected `HTTPS_PROXY` to be the http or https address of a proxy');
  expect(read).not.toThrow(/hidden/);
});
