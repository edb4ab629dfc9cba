import { ProviderError } from '../errors.ts';
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
  headers?: Readonly<Record<string, string>>;
  /** Taken out of whatever an answer says, should it repeat it. */
  secret: string;
  /** Told of each answer's headers. */
  onHeaders?: (headers: Headers) => void;
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
  const { fetch: send = fetch, signal, timeoutMs, headers, secret, onHeaders } = config;
  const method = init?.method ?? 'GET';
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  try {
    const response = await send(input, {
      ...init,
      headers: { ...Object.fromEntries(new Headers(init?.headers)), ...headers },
      // The token is for this origin only, so no redirect is followed.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    onHeaders?.(response.headers);
    // Read whole here, so that a body that breaks off is a broken connection and not a parser's problem.
    const text = await response.text();
    if (response.ok) return new Response(text, { status: response.status, headers: response.headers });
    const shown = text.replaceAll(secret, '[token]');
    throw answerError(
      { method, path: pathname, status: response.status, headers: response.headers, text: shown },
      Date.now(),
    );
  } catch (error) {
    throw error instanceof ProviderError ? error : connectionError(method, pathname, error);
  }
}
