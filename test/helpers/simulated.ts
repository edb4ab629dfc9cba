import { expect, onTestFinished } from 'vitest';
import { type Simulator, type SimulatorConfig, startSimulator } from '../../src/simulator/index.ts';
import { faultsOf } from './conformance.ts';

export const SCHNELL = 'black-forest-labs/flux-schnell';

/** A simulator that is a hundred times faster than life, never cold, and closed after the test. */
export async function simulated(config: SimulatorConfig = {}): Promise<Simulator> {
  const simulator = await startSimulator({
    speed: 100,
    render: 'fast',
    coldStarts: false,
    earlyOutputRate: 0,
    ...config,
  });
  onTestFinished(() => simulator.close());
  return simulator;
}

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | null;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Any body of the service; the tests check it.
  readonly body: ReturnType<typeof JSON.parse>;
}

/**
 * Calls the API, with POST if there is a body; checks each response against Replicate's own
 * description of its API.
 */
export async function call(simulator: Simulator, path: string, options: Call = {}): Promise<Answer> {
  const {
    body,
    method = body === undefined ? 'GET' : 'POST',
    headers,
    token = simulator.token,
    signal,
  } = options;
  const url = path.startsWith('http') ? path : simulator.baseUrl + path;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const answer = {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  };
  expect(faultsOf({ method, url, ...answer })).toEqual([]);
  return answer;
}

/** Creates a prediction of flux-schnell; waits for it by default. */
export function create(
  simulator: Simulator,
  input: object = {},
  headers: Readonly<Record<string, string>> = { prefer: 'wait' },
): Promise<Answer> {
  return call(simulator, `/models/${SCHNELL}/predictions`, {
    body: { input: { prompt: 'a red fox', ...input } },
    headers,
  });
}

/** Polls a prediction until it is final. */
export async function finished(simulator: Simulator, id: string): Promise<Answer['body']> {
  for (;;) {
    const { body } = await call(simulator, `/predictions/${id}`);
    if (!['starting', 'processing'].includes(body.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}
