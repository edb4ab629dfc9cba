import Replicate from 'replicate';
import { catchError, defer, map, type Observable, tap, throwError } from 'rxjs';
import { ProviderError } from '../errors.ts';
import { fromAbortable } from '../fromAbortable.ts';
import type { CreateOptions, Provider } from '../ports.ts';
import type { Model, PredictionRequest } from '../types.ts';
import { createFetchOnce, type FetchOnceConfig } from './createFetchOnce.ts';
import { parseModel } from './parseModel.ts';
import { parsePage } from './parsePage.ts';
import { parsePrediction } from './parsePrediction.ts';

export interface ReplicateProviderConfig {
  /** `r8_…`. Goes to the API's origin only. */
  token: string;
  /** Default `https://api.replicate.com/v1`. */
  baseUrl?: string;
  /** Time for an answer, besides what the service was asked to wait. Default 30,000. */
  requestTimeoutMs?: number;
  /** Performs the HTTP calls. Default: the platform's fetch. */
  fetch?: typeof fetch;
}

const REPLICATE = 'https://api.replicate.com/v1';
/** The service holds an answer back for a minute at most. */
const LONGEST_WAIT_S = 60;
/** The shortest `Cancel-After` that it takes. */
const SHORTEST_LIFE_S = 5;

/**
 * Replicate's HTTP API as a `Provider`, over the official client. Each subscription is one call, sent once and aborted
 * on unsubscribe; retries, waits and polling are for operators. Emits `ProviderError`s: those of `errorAnswers`, and
 * `ERR_NO_CONNECTION`, `ERR_CONNECTION_LOST`, `ERR_REQUEST_TIMEOUT`, `ERR_UNREADABLE_ANSWER`.
 */
export function createReplicateProvider(config: ReplicateProviderConfig): Provider {
  const { baseUrl = REPLICATE } = config;
  const service = new Service({ ...config, baseUrl });
  const models = createModelRoutes();

  const create = (request: PredictionRequest, options: CreateOptions) => {
    const waitS = Math.min(LONGEST_WAIT_S, Math.ceil(options.waitMs / 1_000));
    const version = request.version ?? models.versionToRun(request.model);
    const target = version === null ? { model: request.model } : { version };
    return service.call({
      isCreate: true,
      headers: cancelAfter(options),
      waitMs: waitS * 1_000,
      ask: (client, signal) =>
        client.predictions.create({
          ...target,
          input: request.input,
          signal,
          ...(waitS > 0 ? { wait: waitS } : {}),
        }),
      read: (body) => parsePrediction(body, { waited: waitS > 0 }),
    });
  };

  return {
    createPrediction: (request, options) =>
      defer(() => create(request, options)).pipe(
        catchError((error: unknown) => {
          // The route by name knows official models only; it has certainly made nothing, so the other one may be tried.
          const isUnknownRoute = error instanceof ProviderError && error.status === 404;
          if (isUnknownRoute && request.version === null && models.mustRunByVersion(request.model)) {
            return create(request, options);
          }
          return throwError(() => error);
        }),
      ),
    getPrediction: (id) =>
      service.call({
        ask: (client, signal) => client.predictions.get(id, { signal }),
        read: (body) => parsePrediction(body),
      }),
    cancelPrediction: (id) =>
      service.call({
        ask: (client, signal) => client.predictions.cancel(id, { signal }),
        read: (body) => parsePrediction(body),
      }),
    listPredictions: ({ createdAfterMs, next }) =>
      service.call({
        ask: async (client, signal) => {
          const first = { method: 'GET', params: { created_after: service.timeOf(createdAfterMs) }, signal };
          const page =
            next === undefined
              ? client.request('/predictions', first)
              : client.request(pageUrl(next, baseUrl), { method: 'GET', signal });
          return (await page).json();
        },
        read: parsePage,
      }),
    getModel: (name, version = null) => {
      const [owner = '', model = ''] = name.split('/');
      return service
        .call({
          ask: (client, signal) =>
            version === null
              ? client.models.get(owner, model, { signal })
              : client.models.versions.get(owner, model, version, { signal }),
          read: (body) => parseModel(body, name),
        })
        .pipe(tap((found) => models.learn(found)));
    },
  };
}

interface Call<T> {
  ask: (client: Replicate, signal: AbortSignal) => Promise<unknown>;
  read: (body: unknown) => T;
  isCreate?: boolean;
  waitMs?: number;
  headers?: FetchOnceConfig['headers'];
}

/** One account at one base URL. */
class Service {
  readonly #config: ReplicateProviderConfig & { baseUrl: string };
  /** How far the service's clock is ahead of ours, by its newest answer. */
  #clockAheadMs = 0;

  constructor(config: ReplicateProviderConfig & { baseUrl: string }) {
    this.#config = config;
  }

  call<T>({ ask, read, isCreate = false, waitMs = 0, headers = {} }: Call<T>): Observable<T> {
    const { token, baseUrl, requestTimeoutMs = 30_000, fetch: send } = this.#config;
    return fromAbortable((signal) => {
      const fetchOnce = createFetchOnce({
        signal,
        timeoutMs: waitMs + requestTimeoutMs,
        headers,
        secret: token,
        onHeaders: (answered) => this.#learnClock(answered),
        ...(send === undefined ? {} : { fetch: send }),
      });
      // A client of its own for each call, so that each has its own fetch; a client holds no connection.
      const client = new Replicate({ auth: token, baseUrl, userAgent: 'rxposure', fetch: fetchOnce });
      return ask(client, signal);
    }).pipe(
      map(read),
      catchError((error: unknown) =>
        throwError(() => (error instanceof ProviderError ? error : unreadableAnswer(isCreate, error))),
      ),
    );
  }

  /** A moment of the local clock, by the service's clock, ISO 8601. */
  timeOf(localMs: number): string {
    return new Date(localMs + this.#clockAheadMs).toISOString();
  }

  #learnClock(headers: Headers): void {
    const serviceMs = Date.parse(headers.get('date') ?? '');
    if (!Number.isNaN(serviceMs)) this.#clockAheadMs = serviceMs - Date.now();
  }
}

/** Remembers which models the route by name does not serve, and the version to run instead. */
function createModelRoutes() {
  const known = new Map<string, Model>();
  const byVersion = new Set<string>();
  return {
    learn(model: Model): void {
      known.set(model.name, model);
      if (model.isOfficial === false && model.latestVersion !== null) byVersion.add(model.name);
    },
    versionToRun: (name: string) => (byVersion.has(name) ? (known.get(name)?.latestVersion ?? null) : null),
    /** Whether to go over to the route by version; false where that is not possible or was done already. */
    mustRunByVersion(name: string): boolean {
      if (byVersion.has(name) || (known.get(name)?.latestVersion ?? null) === null) return false;
      byVersion.add(name);
      return true;
    },
  };
}

function cancelAfter({ cancelAfterMs }: CreateOptions): Record<string, string> {
  if (cancelAfterMs === undefined) return {};
  return { 'Cancel-After': `${Math.max(SHORTEST_LIFE_S, Math.ceil(cancelAfterMs / 1_000))}s` };
}

/** `next` as it is, unless it leads elsewhere (a proxy may stand between): then its query at our own origin. */
function pageUrl(next: string, baseUrl: string): URL {
  const url = new URL(next, baseUrl);
  if (url.origin === new URL(baseUrl).origin) return url;
  return new URL(`${baseUrl.replace(/\/$/, '')}/predictions${url.search}`);
}

function unreadableAnswer(isCreate: boolean, cause: unknown): ProviderError {
  const reason = cause instanceof SyntaxError ? 'no JSON' : 'JSON of another shape';
  return new ProviderError(
    'ERR_UNREADABLE_ANSWER',
    `Expected an answer as Replicate documents it, got ${reason}`,
    {
      recoverable: true,
      tookEffect: isCreate ? 'unknown' : 'no',
      suggestion: 'Check the base URL.',
    },
  );
}
