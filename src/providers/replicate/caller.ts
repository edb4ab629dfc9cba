import Replicate from 'replicate';
import { catchError, type Observable, throwError } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { ProviderError, StorageError, UsageError } from '../../errors.ts';
import { unreadableAnswer } from '../http/answerError.ts';
import { createFetchOnce, type FetchOnceConfig } from '../http/fetchOnce.ts';

export interface CallerConfig extends Pick<FetchOnceConfig, 'fetch' | 'onHeaders' | 'now'> {
  token: string;
  baseUrl: string;
  /** Time for an answer, besides what the service was asked to wait. Default 30,000. */
  requestTimeoutMs?: number;
}

/** One call of the API. */
interface Call<T> {
  ask: (client: Replicate, signal: AbortSignal) => Promise<unknown>;
  /** Makes sense of the JSON that came; throws where it cannot. */
  read: (body: unknown, status: number) => T;
  /** Whether it may cost money: then an answer that cannot be read leaves open what became of it. Default false. */
  isCreate?: boolean;
  /** How long the service was asked to hold its answer back. Default 0. */
  waitMs?: number;
  /** Sent besides what the client sends. */
  headers?: Readonly<Record<string, string>>;
  /** Told of the answer's headers, before it is read. */
  onHeaders?: (headers: Headers) => void;
}

/** Performs a call on each subscription. */
export type Caller = <T>(call: Call<T>) => Observable<T>;

/** The way to one account at one base URL: each call is sent once, in its time, and aborted on unsubscribe. */
export function createCaller(config: CallerConfig): Caller {
  const { token, baseUrl, requestTimeoutMs = 30_000, ...rest } = config;
  return ({ ask, read, isCreate = false, waitMs = 0, headers = {}, onHeaders = () => {} }) =>
    fromAbortable(async (signal) => {
      let status = 0;
      const timeoutMs = waitMs + requestTimeoutMs;
      const onStatus = (answered: number) => {
        status = answered;
      };
      const fetchOnce = createFetchOnce({
        ...rest,
        signal,
        timeoutMs,
        headers,
        secret: token,
        onHeaders: (answered) => {
          config.onHeaders(answered);
          onHeaders(answered);
        },
        onStatus,
      });
      // A client of its own for each call, so that each has its own fetch; a client holds no connection.
      const client = new Replicate({ auth: token, baseUrl, userAgent: 'rxposure', fetch: fetchOnce });
      return read(await ask(client, signal), status);
    }).pipe(
      catchError((error: unknown) =>
        throwError(() => (isKnown(error) ? error : unreadableAnswer(isCreate, error))),
      ),
    );
}

/** What was said already: by the service or the network, or by this machine, which had no file handle left. */
function isKnown(error: unknown): boolean {
  return error instanceof ProviderError || error instanceof StorageError;
}

/**
 * Throws `UsageError` where the token cannot be sent as a header (which would show it in the platform's own error), is
 * empty (the client would look for another one in the environment), or the base URL is none.
 */
export function expectCredentials(token: string, baseUrl: string): void {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const got = token === '' ? 'an empty one' : 'one with blanks or other characters in it';
    throw new UsageError(`Expected an API token of letters, digits and signs, got ${got}`, {
      suggestion: 'Tokens are at https://replicate.com/account/api-tokens: copy one whole.',
    });
  }
  const url = URL.parse(baseUrl);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new UsageError(
      `Expected \`baseUrl\` to begin with https:// or http://, got ${JSON.stringify(baseUrl)}`,
    );
  }
}

/** Where Replicate's HTTP API is. */
export const replicateBaseUrl = 'https://api.replicate.com/v1';
