import http from 'node:http';
import https from 'node:https';
import { connect, type Socket } from 'node:net';
import tls from 'node:tls';
import { lastValueFrom, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ageFrom } from '../../../src/base/monotonicScheduler.ts';
import { Unsent } from '../../../src/providers/http/fetchOnce.ts';
import { guardedFetch } from '../../../src/providers/http/guardedFetch.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { localServer, predictionAnswer, sendJson } from '../../helpers/localServer.ts';
import { rawServer, silentPort } from '../../helpers/rawServer.ts';
import { cert, key } from '../../helpers/untrustedServer.ts';

const always = () => true;
const order = {
  method: 'POST',
  headers: { authorization: 'Bearer token' },
  body: '{"input":{"prompt":"a café"}}',
};
const response = 'HTTP/1.1 201 Created\r\nset-cookie: a\r\nset-cookie: b\r\ncontent-length: 2\r\n\r\n{}';

/** A server that records its connections, their bytes, and their ends. */
async function countingServer(answer: (socket: Socket) => void = () => {}) {
  const pieces: Buffer[] = [];
  const ends: string[] = [];
  const seen = { connections: 0, pieces, ends, bytes: () => Buffer.concat(pieces).length };
  const url = await rawServer((socket) => {
    seen.connections += 1;
    socket.on('data', (piece) => {
      pieces.push(piece);
      answer(socket);
    });
    socket.on('end', () => ends.push('closed'));
    socket.on('error', (error) => ends.push('code' in error ? String(error.code) : error.message));
  });
  return { ...seen, seen, url };
}

/** A server with TLS that this process trusts until the test ends; `hold` keeps handshakes back. */
async function secureServer(onSocket: (socket: tls.TLSSocket) => void, hold: Promise<unknown> | null = null) {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, cert]);
  onTestFinished(() => tls.setDefaultCACertificates(before));
  const server = tls.createServer({ cert, key }, onSocket);
  const url = await rawServer(async (socket) => {
    await hold;
    server.emit('connection', socket);
  });
  return { url: url.replace('http://127.0.0.1', 'https://localhost') };
}

/** A controller of a call, and the call as it ends. */
function call(url: string, mayStillSend = always, init: RequestInit = order) {
  const controller = new AbortController();
  const end = guardedFetch(mayStillSend)(`${url}/v1/predictions`, {
    ...init,
    signal: controller.signal,
  }).then(
    (value) => value,
    (error: unknown) => error,
  );
  return { end, abort: () => controller.abort(new DOMException('Time is up', 'TimeoutError')) };
}

describe('guardedFetch', () => {
  it('writes headers and body at once, and returns the whole response', async () => {
    const { url, seen } = await countingServer((socket) => socket.write(response));
    const end = (await call(url).end) as Response;
    expect(seen.pieces.map(String)).toEqual([
      expect.stringMatching(
        /^POST \/v1\/predictions HTTP\/1.1\r\n[\s\S]*\r\n\r\n\{"input":\{"prompt":"a café"\}\}$/,
      ),
    ]);
    expect(String(seen.pieces[0])).toMatch(
      /\r\nauthorization: Bearer token\r\n[\s\S]*\r\ncontent-length: 30\r\n/,
    );
    expect([end.status, end.headers.getSetCookie(), await end.text()]).toEqual([201, ['a', 'b'], '{}']);
  });

  it('asks for leave at each write, on a connection that is used again, too', async () => {
    const { url, seen } = await countingServer((socket) => socket.write(response));
    await call(url).end;
    expect(await call(url, () => false).end).toMatchObject({ code: 'ERR_NOT_SENT', tookEffect: 'no' });
    expect(seen.connections).toBe(1);
    expect(seen.pieces).toHaveLength(1);
  });

  it('writes nothing without leave', async () => {
    const { url, seen } = await countingServer();
    expect(await call(url, () => false).end).toMatchObject({
      code: 'ERR_NOT_SENT',
      message: 'POST /v1/predictions was not sent: its grant had grown too old.',
      recoverable: true,
    });
    await expect.poll(() => seen.ends).toEqual(['ECONNRESET']);
    expect(seen.bytes()).toBe(0);
  });

  it('holds the end of a long body back until the rest is on its way, and needs leave for it', async () => {
    const body = 'x'.repeat(3_000_000);
    const { url, seen } = await countingServer();
    const asked: number[] = [];
    const once = () => asked.push(seen.bytes()) === 1;
    const init = { ...order, body };
    expect(await call(url, once, init).end).toMatchObject({ code: 'ERR_NOT_SENT', tookEffect: 'no' });
    await expect.poll(() => seen.ends).toEqual(['ECONNRESET']);
    expect(seen.bytes()).toBeLessThan(body.length);
    expect(asked[0]).toBe(0);
  });

  it('sends a long body whole', async () => {
    const { url, requests } = await localServer((_request, reply) => sendJson(reply, 201, {}));
    const body = 'x'.repeat(100_000);
    expect(await call(url, always, { ...order, body }).end).toMatchObject({ status: 201 });
    expect(requests[0]?.body).toBe(body);
  });

  it('resets the connection of a call that is aborted, which may have had its effect', async () => {
    const { url, seen } = await countingServer();
    const { end, abort } = call(url);
    await expect.poll(() => seen.pieces.length).toBe(1);
    abort();
    expect(await end).toMatchObject({ name: 'TimeoutError' });
    await expect.poll(() => seen.ends).toEqual(['ECONNRESET']);
  });

  it('resets a connection with TLS', async () => {
    const pieces: string[] = [];
    const ends: unknown[] = [];
    const { url } = await secureServer((socket) => {
      socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code));
      socket.on('data', (piece) => pieces.push(String(piece)));
    });
    const { end, abort } = call(url);
    await expect.poll(() => pieces.length).toBe(1);
    expect(pieces[0]).toContain('a café');
    abort();
    expect(await end).toMatchObject({ name: 'TimeoutError' });
    await expect.poll(() => ends).toEqual(['ECONNRESET']);
  });

  it('uses connections with TLS again, also if calls are aborted when they are over', async () => {
    let connections = 0;
    const { url } = await secureServer((socket) => {
      connections += 1;
      socket.on('data', () => socket.write(response));
    });
    for (const { end, abort } of [call(url), call(url)]) {
      expect(await end).toMatchObject({ status: 201 });
      abort();
    }
    const later = call(url);
    expect(await later.end).toMatchObject({ status: 201 });
    expect(connections).toBe(2);
  });

  it('knows that nothing was sent if there is no connection, or none in time', async () => {
    expect(await call(await silentPort()).end).toBeInstanceOf(Unsent);
    const { url } = await secureServer(() => {}, new Promise(() => {}));
    const { end, abort } = call(url);
    await new Promise(setImmediate);
    abort();
    expect(await end).toEqual(
      new Unsent('Not sent', { cause: new DOMException('Time is up', 'TimeoutError') }),
    );
    const early = AbortSignal.abort();
    await expect(guardedFetch(always)('http://127.0.0.1:9', { ...order, signal: early })).rejects.toThrow(
      Unsent,
    );
  });

  it('rejects if the response breaks off', async () => {
    const { url } = await countingServer((socket) =>
      socket.end('HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{'),
    );
    expect(await call(url).end).toMatchObject({ code: 'ECONNRESET' });
  });

  it.each(['http', 'https'] as const)('goes through the proxy of the process to %s', async (protocol) => {
    const { url } =
      protocol === 'https'
        ? await secureServer((socket) => void socket.on('data', () => socket.write(response)))
        : await countingServer((socket) => socket.write(response));
    const seen: string[] = [];
    const { port } = new URL(url);
    const proxy = await rawServer((socket) => {
      socket.once('data', (head) => {
        seen.push(String(head).split('\r\n')[0] ?? '');
        const there = connect(Number(port), '127.0.0.1', () => {
          if (protocol === 'https') socket.write('HTTP/1.1 200 OK\r\n\r\n');
          else there.write(head);
          socket.pipe(there).pipe(socket);
        });
        there.on('error', () => {});
      });
    });
    const restore: unknown = http.setGlobalProxyFromEnv({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy });
    onTestFinished(() => {
      https.globalAgent.destroy();
      http.globalAgent.destroy();
      if (typeof restore === 'function') restore();
    });
    expect(await call(url, () => false).end).toMatchObject({ code: 'ERR_NOT_SENT' });
    expect(await call(url).end).toMatchObject({ status: 201 });
    const line =
      protocol === 'https' ? `CONNECT localhost:${port} HTTP/1.1` : `POST ${url}/v1/predictions HTTP/1.1`;
    // The one that was not sent to a plain address has shown the proxy nothing at all.
    expect(seen).toEqual(protocol === 'https' ? [line, line] : [line]);
  });
});

describe('a create request with leave that grows old', () => {
  const request = { model: 'owner/name', version: null, input: { prompt: 'a cat' } };
  const create = (baseUrl: string, mayStillSend: () => boolean, config = {}, waitMs = 60_000) =>
    lastValueFrom(
      createReplicateProvider({ token: 'r8_secret', baseUrl: `${baseUrl}/v1`, ...config }).createPrediction(
        request,
        { waitMs, cancelAfterMs: 630_000, mayStillSend },
      ),
    );

  it('is the same request', async () => {
    const { url, requests } = await localServer((_request, reply) => sendJson(reply, 201, predictionAnswer));
    expect(await create(url, always)).toMatchObject({ id: predictionAnswer.id, outputComplete: true });
    await lastValueFrom(
      createReplicateProvider({ token: 'r8_secret', baseUrl: `${url}/v1` }).createPrediction(request, {
        waitMs: 60_000,
        cancelAfterMs: 630_000,
      }),
    );
    const [guarded, usual] = requests.map(({ headers, ...others }) => {
      const {
        connection,
        'accept-encoding': _encoding,
        'accept-language': _language,
        'sec-fetch-mode': _mode,
        ...own
      } = headers;
      return { ...others, headers: own };
    });
    expect(guarded).toEqual(usual);
  });

  it('is not sent if a stall outlasts its leave while it connects', async () => {
    const clock = new VirtualTimeScheduler();
    const stall = Promise.withResolvers<void>();
    let bytes = 0;
    const { url } = await secureServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (piece) => {
        bytes += piece.length;
      });
    }, stall.promise);
    const age = ageFrom(clock);
    const end = create(url, () => age() <= 2_000);
    const refused = expect(end).rejects.toMatchObject({ code: 'ERR_NOT_SENT', tookEffect: 'no' });
    clock.schedule(() => {}, 2_001);
    clock.flush();
    stall.resolve();
    await refused;
    expect(bytes).toBe(0);
  });

  it('made nothing if no connection was made', async () => {
    await expect(create(await silentPort(), always)).rejects.toMatchObject({
      code: 'ERR_NO_CONNECTION',
      tookEffect: 'no',
    });
    const { url } = await secureServer(() => {}, new Promise(() => {}));
    await expect(create(url, always, { requestTimeoutMs: 20 }, 0)).rejects.toMatchObject({
      code: 'ERR_NO_CONNECTION',
      tookEffect: 'no',
      message: `POST /v1/models/owner/name/predictions: no connection to ${new URL(url).host} in time`,
    });
  });

  it('may have made something if the response is late', async () => {
    const { url, seen } = await countingServer();
    await expect(create(url, always, { requestTimeoutMs: 100 }, 0)).rejects.toMatchObject({
      code: 'ERR_REQUEST_TIMEOUT',
      tookEffect: 'unknown',
    });
    await expect.poll(() => seen.ends).toEqual(['ECONNRESET']);
  });

  it('asks before a fetch of your own', async () => {
    const calls: unknown[] = [];
    const fetch = async (...call: unknown[]) => {
      calls.push(call);
      return Response.json(predictionAnswer, { status: 201 });
    };
    await expect(create('http://127.0.0.1:9', () => false, { fetch })).rejects.toMatchObject({
      code: 'ERR_NOT_SENT',
    });
    expect(calls).toEqual([]);
    await create('http://127.0.0.1:9', always, { fetch });
    expect(calls).toHaveLength(1);
  });
});
