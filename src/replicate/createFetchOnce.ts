import { ProviderError } from '../errors.ts';
import { handleShortage } from '../handleShortage.ts';
import { answerError } from './answerError.ts';
import { connectionError } from './connectionError.ts';

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
      : (handleShortage(error, `a connection to ${host}`) ?? connectionError(method, path, error));
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
