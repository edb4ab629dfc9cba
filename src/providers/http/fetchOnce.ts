import { asFileHandleShortage } from '../../disk/storageError.ts';
import { ProviderError } from '../../errors.ts';
import { answerError } from './answerError.ts';

export interface FetchOnceConfig {
  /** Performs the call. Default: the platform's. */
  fetch?: typeof fetch;
  /** Aborts the call. */
  signal: AbortSignal;
  /** Time until the whole answer must be there. */
  timeoutMs: number;
  /** Sent besides what the client sends. */
  headers: Readonly<Record<string, string>>;
  /** Taken out of whatever an answer says, should it repeat it; null where there is none. */
  secret: string | null;
  /** The local clock, ms since 1970. */
  now: () => number;
  /** Told of each answer's headers. */
  onHeaders: (headers: Headers) => void;
  /** Told of each answer's status. */
  onStatus: (status: number) => void;
}

/**
 * A `fetch` for one call of the official client. Whatever the client does with a failure, the request leaves once:
 * every further call gets the answer of the first. (The client sends a POST up to six times after a broken connection
 * or a 429, each of which may be paid.) Answers outside 2xx and broken connections become `ProviderError`s here.
 */
export function createFetchOnce(config: FetchOnceConfig): typeof fetch {
  let answer: Promise<Response> | undefined;
  return (input, init) => {
    answer ??= perform(input, init, config);
    return answer;
  };
}

async function perform(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  config: FetchOnceConfig,
): Promise<Response> {
  const { fetch: send = fetch, headers, onHeaders, onStatus } = config;
  const method = init?.method ?? 'GET';
  const { pathname: path, host } = new URL(input instanceof Request ? input.url : input);
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
    // Read whole here, so that a body that breaks off is a broken connection and not a parser's problem.
    const text = await response.text();
    if (!response.ok) throw refusal(response, text, { method, path }, config);
    return new Response(text, { status: response.status, headers: response.headers });
  } catch (error) {
    // No cause goes along: what a fetch throws may hold the request, and with it the token.
    throw error instanceof ProviderError
      ? error
      : (asFileHandleShortage(error, `a connection to ${host}`) ?? connectionError(method, path, error));
  } finally {
    limit.clear();
  }
}

/** A timer of our own: it is held until it is cleared, where `AbortSignal.timeout` may be collected, and then never fires. */
function createTimeLimit({ signal, timeoutMs }: FetchOnceConfig): { signal: AbortSignal; clear: () => void } {
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(new DOMException('Time is up', 'TimeoutError')), timeoutMs);
  return { signal: AbortSignal.any([signal, timeUp.signal]), clear: () => clearTimeout(timer) };
}

function refusal(
  { status, headers }: Response,
  text: string,
  call: { method: string; path: string },
  { secret, now }: FetchOnceConfig,
): ProviderError {
  const told = secret === null ? text : text.replaceAll(secret, '[token]');
  return answerError({ ...call, status, headers, text: told }, now());
}

/** Faults from before a connection stood: the request never left this machine. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_NODATA',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'HOSTNAME_MISMATCH',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
]);

/** The `ProviderError` for a call that got no answer. A time-out is told by an error whose name is `TimeoutError`. */
export function connectionError(method: string, path: string, error: unknown): ProviderError {
  const causes = chainOf(error);
  const code = causes.map(codeOf).find((candidate) => candidate !== '') ?? '';
  if (causes.length > 0 && causes.every(isFromConnecting)) {
    return new ProviderError(
      'ERR_NO_CONNECTION',
      `${method} ${path}: no connection to the service (${code})`,
      {
        recoverable: true,
        suggestion: 'Check the network and the base URL.',
      },
    );
  }
  const timedOut = causes.some((cause) => cause instanceof Error && cause.name === 'TimeoutError');
  return new ProviderError(
    timedOut ? 'ERR_REQUEST_TIMEOUT' : 'ERR_CONNECTION_LOST',
    `${method} ${path}: ${timedOut ? 'no answer in time' : `the connection broke${code === '' ? '' : ` (${code})`}`}`,
    { recoverable: true, tookEffect: method === 'GET' ? 'no' : 'unknown', suggestion: 'Check the network.' },
  );
}

/** The innermost errors: what `fetch failed` was caused by; several where several addresses were tried. */
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
  // A network that goes away while an answer is awaited has codes from the list too: then the request was sent.
  if (syscall === 'read' || syscall === 'write') return false;
  return neverConnected.has(codeOf(error)) || syscall === 'connect';
}
