import {
  catchError,
  concatMap,
  defer,
  filter,
  finalize,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
  Subject,
  startWith,
  take,
  tap,
  throwError,
} from 'rxjs';
import { z } from 'zod';
import { ProviderError } from '../../errors.ts';
import type { ModelCache, Provider } from '../../ports.ts';
import type { KeptModel, Model } from '../../types.ts';
import { parseModelSchema } from '../wire/modelSchema.ts';
import type { Caller } from './caller.ts';

/** Chooses the route by which a model is run: official models by name, others by version. */
export interface ModelRoutes {
  /** Stores a model as the service describes it. */
  learn(model: Model): void;
  /**
   * Notes that the route by name does not have the model; returns the version to run instead, null
   * if none is known.
   */
  learnRefusal(name: string): string | null;
  /** Returns the version to run a model by, null for the route by name. */
  versionToRun(name: string): string | null;
  /** Follows a create request by a route, a model's name or a version, to its response. */
  follow<T>(route: string): MonoTypeOperatorFunction<T>;
  /**
   * Emits true once a create request by this route was accepted, false once none is in flight that
   * may be.
   */
  hasWorked(route: string): Observable<boolean>;
}

/** Creates routes that know no model yet: each is tried by name. */
export function createModelRoutes(): ModelRoutes {
  const known = new Map<string, Model>();
  const refused = new Set<string>();
  const worked = new Set<string>();
  const inFlight = new Map<string, number>();
  const responses = new Subject<void>();
  const count = (route: string, change: number) => inFlight.set(route, (inFlight.get(route) ?? 0) + change);
  return {
    learn: (model) => known.set(model.name, model),
    learnRefusal(name) {
      const model = known.get(name);
      // An official model has no other route, so its 404 is final.
      if (model === undefined || model.isOfficial === true) return null;
      refused.add(name);
      return model.latestVersion;
    },
    versionToRun(name) {
      const model = known.get(name);
      const runsByName = model === undefined || (model.isOfficial !== false && !refused.has(name));
      return runsByName ? null : model.latestVersion;
    },
    follow: (route) => (create) =>
      defer(() => {
        count(route, 1);
        return create.pipe(
          tap(() => worked.add(route)),
          finalize(() => {
            count(route, -1);
            responses.next();
          }),
        );
      }),
    hasWorked: (route) =>
      responses.pipe(
        startWith(null),
        map(() => worked.has(route)),
        filter((isKnown) => isKnown || inFlight.get(route) === 0),
        take(1),
      ),
  };
}

/**
 * Creates `getModel`, by name or by one version. `routes` store lookups by name for later create
 * requests.
 */
export function createModelLookup(
  call: Caller,
  routes: ModelRoutes,
  memory: ModelMemory,
): Provider['getModel'] {
  return (name, version = null) => {
    const [owner = '', model = ''] = name.split('/').map(encodeURIComponent);
    if (version !== null) {
      return memory.recall({
        name,
        version,
        read: (body) => parseModelVersion(body, name),
        load: (read) =>
          call({
            send: (client, signal) => client.models.versions.get(owner, model, version, { signal }),
            read,
          }),
      });
    }
    return memory
      .recall({
        name,
        version,
        read: (body) => parseModel(body, name),
        load: (read) => call({ send: (client, signal) => client.models.get(owner, model, { signal }), read }),
      })
      .pipe(tap((found) => routes.learn(found)));
  };
}

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

interface ModelMemory {
  /**
   * Emits the cached model while it is fresh, else the service's; if the service fails, the old
   * cached one.
   */
  recall(lookup: Lookup): Observable<Model>;
  /**
   * Passes predictions through; forgets the cached model after a refused input, as its schema may
   * be outdated.
   */
  doubt<T>(request: Pick<Lookup, 'version'> & { readonly model: string }): MonoTypeOperatorFunction<T>;
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
    // A refusal is final; the cache only makes up for missing responses and faults of the service.
    if (!(error instanceof ProviderError && error.recoverable)) return throwError(() => error);
    const since = new Date(savedAtMs).toISOString().slice(0, 16).replace('T', ' ');
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
    doubt: ({ model, version }) =>
      catchError((error: unknown) => {
        const isRefusedInput = error instanceof ProviderError && error.status === 422;
        if (!isRefusedInput) return throwError(() => error);
        return cache.forget(model, version).pipe(concatMap(() => throwError(() => error)));
      }),
  };
}

/** Parses a cached response; null if it is malformed, which counts as not cached. */
function readable({ answer }: KeptModel, { read }: Lookup): Model | null {
  try {
    return read(answer);
  } catch {
    return null;
  }
}

const version = z.looseObject({ id: z.string(), openapi_schema: z.unknown().optional() });
const modelBody = z.looseObject({
  is_official: z.boolean().nullish().catch(null),
  latest_version: version.nullish().catch(null),
});

/** Reads a model as the service sends it. Throws a `ZodError` if it is none. */
function parseModel(body: unknown, name: string): Model {
  const { is_official: isOfficial, latest_version: latest } = modelBody.parse(body);
  return {
    name,
    latestVersion: latest?.id ?? null,
    isOfficial: isOfficial ?? null,
    schema: parseModelSchema(latest?.openapi_schema),
  };
}

/**
 * Reads one version of a model as the service sends it. The newest version, and if the model is
 * official, stay unknown. Throws a `ZodError` if it is none.
 */
function parseModelVersion(body: unknown, name: string): Model {
  const { openapi_schema: schema } = version.parse(body);
  return { name, latestVersion: null, isOfficial: null, schema: parseModelSchema(schema) };
}
