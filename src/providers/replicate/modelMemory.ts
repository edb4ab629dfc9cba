import {
  catchError,
  concatMap,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
  throwError,
} from 'rxjs';
import { ProviderError } from '../../errors.ts';
import type { ModelCache } from '../../ports.ts';
import type { KeptModel, Model, PredictionRequest } from '../../types.ts';

interface ModelMemoryConfig {
  /** Default: no cache. */
  modelCache?: ModelCache;
  /** Age from which a cached model is looked up again. Default 3,600,000. */
  modelMaxAgeMs?: number;
  /** Called when an old cached model is used because the lookup failed. Default: no-op. */
  onWarning?: (message: string) => void;
  /** ms since 1970. */
  now: () => number;
}

/** A lookup of a model. */
interface Lookup {
  readonly name: string;
  readonly version: string | null;
  /** Parses the JSON of the response; throws if it cannot. */
  readonly read: (body: unknown) => Model;
  /** Asks the service, and parses the response with the given function. */
  readonly load: <T>(read: (body: unknown) => T) => Observable<T>;
}

export interface ModelMemory {
  /**
   * Emits the cached model while it is fresh, else the service's; if the service fails, the old
   * cached one.
   */
  recall(lookup: Lookup): Observable<Model>;
  /**
   * Passes predictions through; forgets the cached model after a refused input, as its schema may
   * be outdated.
   */
  doubt<T>(request: Pick<PredictionRequest, 'model' | 'version'>): MonoTypeOperatorFunction<T>;
}

/**
 * Creates a memory of models that lasts from run to run. A version of a model never changes, so it
 * never ages.
 */
export function createModelMemory(config: ModelMemoryConfig): ModelMemory {
  const { modelCache: cache, modelMaxAgeMs = 3_600_000, onWarning = () => {}, now } = config;
  if (cache === undefined) return { recall: ({ load, read }) => load(read), doubt: () => (source) => source };

  const isFresh = ({ savedAtMs }: KeptModel, version: string | null): boolean => {
    const ageMs = now() - savedAtMs;
    return modelMaxAgeMs > 0 && ageMs >= 0 && (version !== null || ageMs < modelMaxAgeMs);
  };
  const fetched = ({ name, version, read, load }: Lookup): Observable<Model> =>
    load((body) => ({ body, model: read(body) })).pipe(
      concatMap(({ body, model }) => cache.write(name, version, body).pipe(map(() => model))),
    );
  const oldModel = (
    error: unknown,
    name: string,
    old: Model,
    { savedAtMs }: KeptModel,
  ): Observable<Model> => {
    if (!(error instanceof ProviderError)) return throwError(() => error);
    const since = new Date(savedAtMs).toISOString().slice(0, 16).replace('T', ' ');
    // A refusal is final; the cache only makes up for missing responses and faults of the service.
    if (!error.recoverable) return throwError(() => (error.status === 404 ? gone(error, since) : error));
    onWarning(
      `Using the schema of ${name} stored on ${since} UTC, because the lookup failed: ${error.message}`,
    );
    return of(old);
  };

  return {
    recall: (lookup) =>
      cache.read(lookup.name, lookup.version).pipe(
        concatMap((stored) => {
          const model = stored === null ? null : readable(stored, lookup);
          if (stored === null || model === null) return fetched(lookup);
          if (isFresh(stored, lookup.version)) return of(model);
          return fetched(lookup).pipe(catchError((error) => oldModel(error, lookup.name, model, stored)));
        }),
      ),
    doubt: ({ model, version = null }) =>
      catchError((error: unknown) => {
        const isRefusedInput = error instanceof ProviderError && error.status === 422;
        if (!isRefusedInput) return throwError(() => error);
        return cache.forget(model, version).pipe(concatMap(() => throwError(() => error)));
      }),
  };
}

/** Returns the error of a model that the service had once, so its name is right. */
function gone({ code, message, reason, suggestion }: ProviderError, since: string): ProviderError {
  const before = `it had the model on ${since} UTC, so it was renamed, deleted or hidden since`;
  return new ProviderError(code, `${message}; ${before}`, {
    status: 404,
    reason: reason === null ? before : `${reason.replace(/[.\s]+$/, '')}; ${before}`,
    suggestion,
  });
}

/** Parses a cached response; null if it is malformed, which counts as not cached. */
function readable({ answer }: KeptModel, { read }: Lookup): Model | null {
  try {
    return read(answer);
  } catch {
    return null;
  }
}
