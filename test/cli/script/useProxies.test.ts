import http from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { useProxies } from '../../../src/cli/script/proxies.ts';
import { createPublicReach } from '../../../src/providers/downloads/reach.ts';
import { receiveFile } from '../../../src/providers/downloads/receiveFile.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { startSimulator } from '../../../src/simulator/index.ts';
import { localServer } from '../../helpers/localServer.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
let restore: unknown = null;
afterEach(() => {
  if (typeof restore === 'function') restore();
});
const host = {
  setGlobalProxyFromEnv: (proxies: Record<string, string>) => {
    restore = http.setGlobalProxyFromEnv(proxies);
  },
};
const noWarning = (message: string) => expect.fail(message);

/** A proxy that finds all names on this machine. */
async function startProxy() {
  const seen: string[] = [];
  const proxy = http.createServer((request, response) => {
    const { host: named, port, pathname, search } = new URL(request.url ?? '');
    seen.push(`${request.method} ${named.replace(/:.*/, '')}`);
    const { method, headers } = request;
    const passed = http.request({ port, path: pathname + search, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  proxy.on('connect', (request, socket) => {
    seen.push(`CONNECT ${String(request.url).replace(/:.*/, '')}`);
    const there = connect(Number(new URL(`http://${request.url}`).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(there).pipe(socket);
    });
    for (const end of [there, socket]) end.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const address = proxy.address();
  const port = typeof address === 'object' ? address?.port : null;
  return { seen, url: `http://localhost:${port}` };
}

it('sends calls of the API through a proxy, and those to this machine not', async () => {
  const simulator = await startSimulator({ render: 'fast' });
  onTestFinished(() => simulator.close());
  const proxy = await startProxy();
  useProxies({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }, noWarning, { host });
  const ask = (baseUrl: string) =>
    lastValueFrom(createReplicateProvider({ ...simulator, baseUrl }).listPredictions({ createdAfterMs: 0 }));
  await ask(simulator.baseUrl);
  expect(proxy.seen).toEqual([]);
  await ask(simulator.baseUrl.replace(/127\.0\.0\.1|localhost/, 'api.example'));
  expect(proxy.seen).toEqual(['CONNECT api.example']);
});

it('downloads through a proxy in a local network, which is judged by the names of outputs alone', async () => {
  const { url } = await localServer((_request, response) => response.end('an image'));
  const proxy = await startProxy();
  useProxies({ HTTP_PROXY: proxy.url }, noWarning, { host });
  const limits = { maxBytes: 100, connectTimeoutMs: 5_000, idleTimeoutMs: 5_000 };
  const reach = createPublicReach({ isPlain: true, proxies: ['localhost'] });
  const receive = (from: string) =>
    receiveFile(from, join(folder(), 'file'), { ...limits, reach, signal: new AbortController().signal });
  const { content } = await receive(url.replace('127.0.0.1', 'files.example'));
  expect(content?.toString()).toBe('an image');
  expect(proxy.seen).toEqual(['GET files.example']);
  // Addresses that are not public are refused before the proxy is asked.
  await expect(receive('http://10.0.0.1/a.png')).rejects.toMatchObject({ code: 'ERR_UNSAFE_URL' });
  expect(proxy.seen).toHaveLength(1);
});

it('warns if this Node has no proxies, only if there are some', () => {
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  useProxies({}, warn, { host: {} });
  expect(warnings).toEqual([]);
  useProxies({ HTTPS_PROXY: 'http://proxy.example' }, warn, { host: {} });
  expect(warnings.join()).toContain('Use Node 24.14 or newer');
});

it.each([
  ['http://10.1.2.3:5000', '10.0.0.0/8', true],
  ['http://10.1.2.3:5000', '.corp, 192.168.0.0/16 ,10.1.2.0/24', true],
  ['http://[fd00::1]:5000/v1', 'fd00::/8', true],
  ['http://11.1.2.3', '10.0.0.0/8', false],
  ['http://10.1.2.3', '10.0.0.0/40,10.0.0.0/,/8,10.0.0.0/x', false],
  ['https://api.replicate.com/v1', '10.0.0.0/8', false],
  [null, '10.0.0.0/8', false],
])('calls %s without a proxy if NO_PROXY is %s: %j', (baseUrl, names, isDirect) => {
  const given: string[] = [];
  const setGlobalProxyFromEnv = ({ NO_PROXY = '' }: Record<string, string>) => given.push(NO_PROXY);
  const env = { HTTPS_PROXY: 'http://user:p%40ss@proxy.example:3128', NO_PROXY: names };
  useProxies(env, noWarning, { host: { setGlobalProxyFromEnv }, baseUrl });
  const { hostname } = URL.parse(baseUrl ?? '') ?? { hostname: '' };
  expect(given.join().split(',').includes(hostname)).toBe(isDirect);
});
