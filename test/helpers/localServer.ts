import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server on this machine for one test; `requests` are those that were read to their end. */
export async function localServer(
  answer: (request: SeenRequest, response: ServerResponse, count: number) => void,
): Promise<{ url: string; requests: SeenRequest[] }> {
  const requests: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body,
      };
      requests.push(request);
      answer(request, response, requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export const predictionAnswer = {
  id: 'abcdefghijklmnopqrstuvwxyz',
  model: 'owner/name',
  version: 'hidden',
  input: { prompt: 'a cat' },
  output: ['https://files.example/out-0.webp'],
  status: 'succeeded',
  error: null,
  data_removed: false,
  created_at: '2026-11-23T04:00:00.123456Z',
  metrics: { predict_time: 1.5, image_count: 1 },
  urls: { web: '', get: '', cancel: '' },
};
