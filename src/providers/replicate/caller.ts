import type Replicate from 'replicate';
import { catchError, type Observable, throwError } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { createRedact } from '../../base/secrets.ts';
import { importPackage } from '../../disk/storageError.ts';
import { ProviderError, StorageError } from '../../errors.ts';
import type { CreateOptions } from '../../types.ts';
import { createFetchOnce, type FetchOnceConfig } from '../http/fetchOnce.ts';
import { unreadableResponse } from '../http/responseError.ts';

export interface CallerConfig extends Pick<FetchOnceConfig, 'fetch' | 'onHeaders' | 'now'> {
  token: string;
  baseUrl: string;
  /** Further credentials to remove from the bodies of responses. Default: none. */
  secrets?: readonly string[];
  /**
   * Time limit of a response, in addition to the wait that the service was asked for. Default
   * 30,000.
   */
  requestTimeoutMs?: number;
}

/** One call of the API. */
interface Call<T> {
  send: (client: Replicate, signal: AbortSignal) => Promise<unknown>;
  /** Parses the JSON of the response; throws if it cannot. */
  read: (body: unknown, status: number) => T;
  /**
   * True if it may cost money: then the outcome of an unreadable response is unknown. Default
   * false.
   */
  isCreate?: boolean;
  /** Time for which the service was asked to hold its response back. Default 0. */
  waitMs?: number;
  /** Sent in addition to the client's own headers. */
  headers?: Readonly<Record<string, string>>;
  /** Called with the headers of the response, before its body is read. */
  onHeaders?: (headers: Headers) => void;
  /** As in `CreateOptions`. */
  mayStillSend?: CreateOptions['mayStillSend'];
}

/** Performs a call on each subscription. */
export type Caller = <T>(call: Call<T>) => Observable<T>;

/**
 * Creates the caller of one account at one base URL. Sends each call once, within its time limit;
 * aborts it on unsubscribe.
 */
export function createCaller(config: CallerConfig): Caller {
  const { token, baseUrl, secrets = [], requestTimeoutMs = 30_000, ...rest } = config;
  const redact = createRedact([token, ...secrets]);
  return ({ send, read, isCreate = false, waitMs = 0, headers = {}, onHeaders = () => {}, mayStillSend }) =>
    fromAbortable(async (signal) => {
      let status = 0;
      const timeoutMs = waitMs + requestTimeoutMs;
      const onStatus = (received: number) => {
        status = received;
      };
      const fetchOnce = createFetchOnce({
        ...rest,
        ...(await guardOf(mayStillSend, config)),
        signal,
        timeoutMs,
        headers,
        redact,
        onHeaders: (received) => {
          config.onHeaders(received);
          onHeaders(received);
        },
        onStatus,
      });
      // A client for each call, so that each has its own fetch; clients hold no connections.
      const { default: Client } = await importPackage('replicate', () => import('replicate'));
      const client = new Client({ auth: token, baseUrl, userAgent: 'rxposure', fetch: fetchOnce });
      return read(await send(client, signal), status);
    }).pipe(
      catchError((error: unknown) =>
        throwError(() => (isKnown(error) ? error : unreadableResponse(isCreate, error))),
      ),
    );
}

/** Returns a `fetch` that needs leave to send, if the call does. */
async function guardOf(
  mayStillSend: CreateOptions['mayStillSend'],
  { fetch }: Pick<CallerConfig, 'fetch'>,
): Promise<Pick<CallerConfig, 'fetch'>> {
  if (mayStillSend === undefined) return {};
  const { checkedFetch, guardedFetch } = await import('../http/guardedFetch.ts');
  return { fetch: fetch === undefined ? guardedFetch(mayStillSend) : checkedFetch(mayStillSend, fetch) };
}

/**
 * Returns true if the error has its final form: from the service, the network, or a machine without
 * free file handles.
 */
function isKnown(error: unknown): boolean {
  return error instanceof ProviderError || error instanceof StorageError;
}
