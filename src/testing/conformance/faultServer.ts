import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from '../../types.ts';

/** The reaction of a fault server to each request, once it has read it. */
export type ServerFault =
  /** Resets the connection. */
  | { readonly type: 'reset' }
  /** Sends nothing. */
  | { readonly type: 'hang' }
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** A server on this machine that does one thing wrong. */
export interface FaultServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The requests that met the fault, as `POST /path`. */
  readonly requests: readonly string[];
  /** Resolves when the first request that meets the fault was read. */
  readonly seen: Promise<void>;
  /** Resolves when its connection was closed. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Starts a server with one fault, but for the GET requests that `answerGet` has an answer to. */
export async function startFaultServer(
  fault: ServerFault,
  answerGet: (path: string) => Json | undefined = () => undefined,
): Promise<FaultServer> {
  const requests: string[] = [];
  const seen = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const body = request.method === 'GET' ? answerGet(request.url ?? '') : undefined;
    if (body !== undefined) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      return;
    }
    response.on('close', closed.resolve);
    request.resume().on('end', () => {
      requests.push(`${request.method} ${request.url}`);
      seen.resolve();
      fail(fault, request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    seen: seen.promise,
    closed: closed.promise,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function fail(fault: ServerFault, request: IncomingMessage, response: ServerResponse): void {
  if (fault.type === 'hang') return;
  if (fault.type === 'reset') request.socket.resetAndDestroy();
  else response.writeHead(fault.status, fault.headers).end(fault.body);
}
