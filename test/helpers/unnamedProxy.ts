import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that hides that a simulator is behind it: it seems to be a service that bills. */
export interface UnnamedProxy {
  /** Base URL of its API. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** Starts a proxy that forwards everything, without the header by which simulators name themselves. */
export async function startUnnamedProxy(target: string): Promise<UnnamedProxy> {
  const { port } = new URL(target);
  const server: Server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const forwarded = request({ host: '127.0.0.1', port, method, path: url, headers }, (response) => {
      const { 'x-rxposure-simulator': _name, ...others } = response.headers;
      outgoing.writeHead(response.statusCode ?? 502, others);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
