import { maxTimerMs } from '../../base/monotonicScheduler.ts';
import type { Redact } from '../../base/secrets.ts';
import { asFileHandleShortage } from '../../disk/storageError.ts';
import { ProviderError } from '../../errors.ts';
import { certificateDoubts, untrusted } from './certificates.ts';
import { neverConnected } from './neverConnected.ts';
import { parseBody } from './parseBody.ts';
import { responseError } from './responseError.ts';
import { cleanBody } from './serviceBody.ts';

export interface FetchOnceConfig {
  /** Performs the call. Default: the platform's. */
  fetch?: typeof fetch;
  /** Aborts the call. */
  signal: AbortSignal;
  /** Time limit for the whole response. */
  timeoutMs: number;
  /** Sent in addition to the client's own headers. */
  headers: Readonly<Record<string, string>>;
  /** Removes credentials from the bodies of all responses. */
  redact: Redact;
  /** True if no gateway stands in between, whose refusals leave more open. Default false. */
  isDirect?: boolean;
  /** The local clock, ms since 1970. */
  now: () => number;
  /** Called with the headers of each response. */
  onHeaders: (headers: Headers) => void;
  /** Called with the status of each response. */
  onStatus: (status: number) => void;
}

/**
 * Creates a `fetch` for one call of the official client. It sends the request once, even if the
 * client retries: every further call gets the response of the first. (The client sends a POST up to
 * six times after a broken connection or a 429, and each of them may be paid.) Responses outside
 * 2xx and broken connections become `ProviderError`s. Bodies are cleaned, as `cleanBody` does.
 */
export function createFetchOnce(config: FetchOnceConfig): typeof fetch {
  let response: Promise<Response> | undefined;
  return (input, init) => {
    response ??= perform(input, init, config);
    return response;
  };
}

async function perform(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  config: FetchOnceConfig,
): Promise<Response> {
  const { fetch: send = fetch, headers, onHeaders, onStatus } = config;
  const method = init?.method ?? 'GET';
  const { pathname: path, host, origin } = new URL(input instanceof Request ? input.url : input);
  const limit = createTimeLimit(config);
  try {
    const response = await send(input, {
      ...init,
      headers: { ...Object.fromEntries(new Headers(init?.headers)), ...headers },
      // The token is for this origin only, so no redirect is followed.
      redirect: 'manual',
      signal: limit.signal,
    });
    onHeaders(response.headers);
    onStatus(response.status);
    // Read whole here, so that a body that breaks off counts as a broken connection, not as
    // malformed JSON.
    const text = cleanBody(await response.text(), config.redact);
    if (!response.ok) throw refusal(response, text, { method, path, origin }, config);
    return readable(response, text);
  } catch (error) {
    // Passes no cause on: an error of fetch may hold the request, and with it the token.
    throw error instanceof ProviderError
      ? error
      : (asFileHandleShortage(error, `a connection to ${host}`) ??
          connectionError({ method, path, host }, error));
  } finally {
    limit.clear();
  }
}

/** Returns the response with its clean body. `json` rejects with `UnreadableBody`. */
function readable({ status, headers }: Response, text: string): Response {
  // A status without a body, such as 204, allows none.
  const response = new Response(text === '' ? null : text, { status, headers });
  return Object.assign(response, { json: async () => parseBody(text) });
}

/**
 * Creates a time limit that holds its timer until cleared. `AbortSignal.timeout` may be
 * garbage-collected, and then never fires.
 */
function createTimeLimit({ signal, timeoutMs }: FetchOnceConfig): { signal: AbortSignal; clear: () => void } {
  const timeUp = new AbortController();
  const abort = () => timeUp.abort(new DOMException('Time is up', 'TimeoutError'));
  const timer = setTimeout(abort, Math.min(timeoutMs, maxTimerMs));
  return { signal: AbortSignal.any([signal, timeUp.signal]), clear: () => clearTimeout(timer) };
}

function refusal(
  { status, headers }: Response,
  text: string,
  call: { method: string; path: string; origin: string },
  { isDirect = false, now }: FetchOnceConfig,
): ProviderError {
  return responseError({ ...call, status, headers, text, isDirect }, now());
}

/** As `neverConnected`, of clients and TLS. */
const failedHandshakes = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
]);

/** A call ended before anything of it was written. */
export class Unsent extends Error {}

/**
 * Returns the `ProviderError` for a call without a response. An error named `TimeoutError` means a
 * timeout.
 */
export function connectionError(
  { method, path, host }: { readonly method: string; readonly path: string; readonly host: string },
  error: unknown,
): ProviderError {
  const causes = chainOf(error);
  const timedOut = causes.some((cause) => cause instanceof Error && cause.name === 'TimeoutError');
  const code = causes.map(codeOf).find((candidate) => candidate !== '') ?? '';
  const named = code === '' || timedOut ? '' : ` (${code})`;
  const doubt = causes
    .map((cause) => certificateDoubts.get(codeOf(cause)))
    .find((found) => found !== undefined);
  if (doubt !== undefined) return untrusted(`${method} ${path}: ${doubt.words} (${code})`, doubt);
  // `fetch` has a list of ports that it never connects to.
  if (causes.some((cause) => cause instanceof Error && cause.message === 'bad port')) {
    return new ProviderError('ERR_NO_CONNECTION', `${method} ${path}: the port of ${host} is blocked`, {
      stopsRun: true,
      suggestion: 'Serve the API at another port, such as 8787: this one belongs to another protocol.',
    });
  }
  if (error instanceof Unsent || (causes.length > 0 && causes.every(isFromConnecting))) {
    const words = timedOut ? `no connection to ${host} in time` : `no connection to ${host}`;
    return new ProviderError('ERR_NO_CONNECTION', `${method} ${path}: ${words}${named}`, {
      recoverable: true,
      suggestion: 'Check the network and the base URL.',
    });
  }
  return new ProviderError(
    timedOut ? 'ERR_REQUEST_TIMEOUT' : 'ERR_CONNECTION_LOST',
    `${method} ${path}: ${timedOut ? 'no response in time' : `the connection to ${host} broke${named}`}`,
    { recoverable: true, tookEffect: method === 'GET' ? 'no' : 'unknown', suggestion: 'Check the network.' },
  );
}

/** Returns the innermost causes of `fetch failed`; several if several addresses were tried. */
function chainOf(error: unknown): unknown[] {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(chainOf);
  if (error instanceof Error && error.cause !== undefined) return chainOf(error.cause);
  return [error];
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function isFromConnecting(error: unknown): boolean {
  const syscall = error instanceof Error && 'syscall' in error ? error.syscall : undefined;
  // A network that goes away during the wait for a response has the same codes, but then the
  // request was sent.
  if (syscall === 'read' || syscall === 'write') return false;
  const code = codeOf(error);
  return neverConnected.has(code) || failedHandshakes.has(code) || syscall === 'connect';
}
