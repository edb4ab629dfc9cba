import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { ProviderError } from '../../errors.ts';
import { Unsent } from './fetchOnce.ts';

/** A new connection certainly takes a body of this size at once. */
const AT_ONCE_BYTES = 16_000;
/** Of a larger one, so much is held back until the rest is on its way. */
const LAST_BYTES = 1_000;
/** Time for a new connection: that of the platform's fetch. */
const CONNECT_MS = 10_000;

/**
 * Creates a `fetch` for one request that needs leave to be sent, which may be too old by the time
 * the connection is ready. `mayStillSend` is asked in the same turn in which headers and body are
 * written, both at once.
 *
 *     mayStillSend() is true    the response
 *     it is false               ProviderError: ERR_NOT_SENT; nothing was written
 *     no connection             Unsent; nothing was written
 *     aborted                   the signal's reason; the connection is reset, so that bytes on their
 *                               way do not arrive later
 *
 * Follows no redirect. Proxies and certificates are those of Node; a reset does not call back bytes
 * that a proxy has received.
 */
export function guardedFetch(mayStillSend: () => boolean): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const body = Buffer.from(await request.arrayBuffer());
    return new Promise<Response>((resolve, reject) => {
      const call = openCall(url, request, body.length);
      /** True once the service may act on it: without its end, a request has no effect. */
      let isWhole = false;
      let isOver = false;
      const fail = (error: unknown) => {
        if (isOver) return;
        isOver = true;
        reject(isWhole || error instanceof ProviderError ? error : new Unsent('Not sent', { cause: error }));
        reset(call);
      };
      const ifStill = (write: () => void) => {
        if (isOver) return;
        if (mayStillSend()) write();
        else fail(tooLate(request.method, url.pathname));
      };
      const end = (rest: Buffer) => {
        isWhole = true;
        call.end(rest);
      };
      const send = () => {
        if (body.length <= AT_ONCE_BYTES) return end(body);
        call.write(body.subarray(0, -LAST_BYTES), () => ifStill(() => end(body.subarray(-LAST_BYTES))));
      };
      const succeed = (response: Response) => {
        // From now on the connection is another call's.
        isOver = true;
        resolve(response);
      };
      const abort = () => fail(init?.signal?.reason);
      init?.signal?.addEventListener('abort', abort);
      if (init?.signal?.aborted) abort();
      call.on('socket', (socket) => whenReady(socket, () => ifStill(send)));
      call.on('response', (response) => void readWhole(response).then(succeed, fail));
      call.on('error', fail);
      call.on('close', () => init?.signal?.removeEventListener('abort', abort));
    });
  };
}

/** As `guardedFetch`, with a `fetch` that writes later than it is called: asks just before. */
export function checkedFetch(mayStillSend: () => boolean, given: typeof fetch): typeof fetch {
  return async (input, init) => {
    if (mayStillSend()) return given(input, init);
    const { method, url } = new Request(input, init);
    throw tooLate(method, new URL(url).pathname);
  };
}

function openCall(url: URL, { method, headers }: Request, bytes: number): ClientRequest {
  const all = { accept: '*/*', ...Object.fromEntries(headers), 'content-length': bytes };
  if (url.protocol === 'http:') return http.request(url, { method, headers: all });
  return https.request(url, { method, headers: all, agent: secureAgent() });
}

/** The connections below those of TLS, which cannot be reset themselves. */
const connectionBelow = new WeakMap<Duplex, Socket>();

/** Makes connections of TLS that can be reset. */
class ResettableAgent extends https.Agent {
  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | null | undefined {
    const { host, port } = options;
    const socket = connect({ host: host ?? '', port: Number(port), noDelay: true, keepAlive: true });
    const secure = super.createConnection(Object.assign(options, { socket }), callback);
    socket.on('error', (error) => secure?.destroy(error));
    if (secure) connectionBelow.set(secure, socket);
    return secure;
  }
}

let resettable: https.Agent | undefined;

/** Returns the agent of the whole process if it goes through a proxy. */
function secureAgent(): https.Agent {
  const { globalAgent } = https;
  if (globalAgent.options.proxyEnv !== undefined) return globalAgent;
  // Times are those of Node's own agent.
  resettable ??= new ResettableAgent({ keepAlive: true, timeout: 5_000 });
  return resettable;
}

/** Calls back once a connection can be written to; it breaks if that takes too long. */
function whenReady(socket: Socket, callback: () => void): void {
  const isSecure = socket instanceof TLSSocket;
  // Set by the handshake, for example within a tunnel of a proxy.
  const isReady = isSecure ? socket.authorized || Boolean(socket.authorizationError) : !socket.connecting;
  if (isReady) {
    callback();
    return;
  }
  const tooLong = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT', syscall: 'connect' });
  const limit = setTimeout(() => socket.destroy(tooLong), CONNECT_MS);
  socket.once('close', () => clearTimeout(limit));
  socket.once(isSecure ? 'secureConnect' : 'connect', () => {
    clearTimeout(limit);
    callback();
  });
}

/**
 * Ends a call: sent bytes that have not arrived yet are dropped. Takes a turn of its own: Node
 * crashes if the connection below TLS goes away within a callback of TLS.
 */
function reset(call: ClientRequest): void {
  setImmediate(() => {
    const { socket } = call;
    const lowest = socket === null ? null : (connectionBelow.get(socket) ?? socket);
    if (lowest !== null && !(lowest instanceof TLSSocket)) lowest.resetAndDestroy();
    call.destroy();
  });
}

async function readWhole(response: IncomingMessage): Promise<Response> {
  const body = await buffer(response);
  const headers = new Headers();
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return new Response(body.length === 0 ? null : new Uint8Array(body), {
    status: response.statusCode ?? 0,
    headers,
  });
}

function tooLate(method: string, path: string): ProviderError {
  return new ProviderError('ERR_NOT_SENT', `${method} ${path} was not sent: its grant had grown too old.`, {
    recoverable: true,
    suggestion: 'Nothing to do: a new one is asked for. If it happens often, this machine is overloaded.',
  });
}
