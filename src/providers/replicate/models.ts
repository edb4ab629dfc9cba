import {
  catchError,
  concatMap,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
  tap,
  throwError,
} from 'rxjs';
import { ProviderError } from '../../errors.ts';
import type { KeptModel, ModelCache, Provider } from '../../ports.ts';
import type { Model } from '../../types.ts';
import type { Caller } from './caller.ts';
import { parseModel, parseModelVersion } from './parse.ts';

/** Knows by which of the two routes a model is run: official ones by name, others by version. */
export interface ModelRoutes {
  /** Takes what the service says about a model. */
  learn(model: Model): void;
  /** The route by name did not know the model: gives the version to run instead, null where none is known. */
  learnRefusal(name: string): string | null;
  /** The version to run a model by, null for the route by name. */
  versionToRun(name: string): string | null;
}

/** Routes of which nothing is known yet: every model is tried by name. */
export function createModelRoutes(): ModelRoutes {
  const known = new Map<string, Model>();
  const refused = new Set<string>();
  return {
    learn: (model) => known.set(model.name, model),
    learnRefusal(name) {
      const model = known.get(name);
      // An official model has no other route, so its 404 is an answer like any other.
      if (model === undefined || model.isOfficial === true) return null;
      refused.add(name);
      return model.latestVersion;
    },
    versionToRun(name) {
      const model = known.get(name);
      const runsByName = model === undefined || (model.isOfficial !== false && !refused.has(name));
      return runsByName ? null : model.latestVersion;
    },
  };
}

/** A model by its name, or by one version of it. What a lookup by name tells, `routes` remember for the creates. */
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
        read: (answer) => parseModelVersion(answer, name),
        ask: (read) =>
          call({
            ask: (client, signal) => client.models.versions.get(owner, model, version, { signal }),
            read,
          }),
      });
    }
    return memory
      .recall({
        name,
        version,
        read: (answer) => parseModel(answer, name),
        ask: (read) => call({ ask: (client, signal) => client.models.get(owner, model, { signal }), read }),
      })
      .pipe(tap((found) => routes.learn(found)));
  };
}

interface ModelMemoryConfig {
  /** Default: nothing is remembered. */
  modelCache?: ModelCache;
  /** Default 3,600,000. */
  modelMaxAgeMs?: number;
  /** Told where an old answer has to do. Default: nobody. */
  onWarning?: (message: string) => void;
  /** ms since 1970. */
  now: () => number;
}

/** What is asked about a model. */
interface ModelQuestion {
  readonly name: string;
  readonly version: string | null;
  /** Makes sense of the service's answer; throws where it cannot. */
  readonly read: (answer: unknown) => Model;
  /** Asks the service, and reads its answer with the function it is given. */
  readonly ask: <T>(read: (answer: unknown) => T) => Observable<T>;
}

interface ModelMemory {
  /** The answer that is remembered, while it is fresh; else the service's; the old one where the service has none. */
  recall(question: ModelQuestion): Observable<Model>;
  /** Passes predictions on; one that was refused for its input puts in doubt what is remembered, so that is forgotten. */
  doubt<T>(request: Pick<ModelQuestion, 'version'> & { readonly model: string }): MonoTypeOperatorFunction<T>;
}

/** What a provider remembers of models from one run to the next. One version of a model never changes, so it never ages. */
export function createModelMemory(config: ModelMemoryConfig): ModelMemory {
  const { modelCache: cache, modelMaxAgeMs = 3_600_000, onWarning = () => {}, now } = config;
  if (cache === undefined) return { recall: ({ ask, read }) => ask(read), doubt: () => (source) => source };

  const isFresh = ({ savedAtMs }: KeptModel, version: string | null): boolean => {
    const ageMs = now() - savedAtMs;
    return modelMaxAgeMs > 0 && ageMs >= 0 && (version !== null || ageMs < modelMaxAgeMs);
  };
  const asked = ({ name, version, read, ask }: ModelQuestion): Observable<Model> =>
    ask((answer) => ({ answer, model: read(answer) })).pipe(
      concatMap(({ answer, model }) => cache.write(name, version, answer).pipe(map(() => model))),
    );
  const instead = (error: unknown, name: string, old: Model, { savedAtMs }: KeptModel): Observable<Model> => {
    // An answer that says no is an answer; only silence and faults of the service are made up for.
    if (!(error instanceof ProviderError && error.recoverable)) return throwError(() => error);
    const since = new Date(savedAtMs).toISOString().slice(0, 16).replace('T', ' ');
    onWarning(
      `Using what ${name} took on ${since} UTC, because the service cannot be asked: ${error.message}`,
    );
    return of(old);
  };

  return {
    recall: (question) =>
      cache.read(question.name, question.version).pipe(
        concatMap((kept) => {
          const model = kept === null ? null : readable(kept, question);
          if (kept === null || model === null) return asked(question);
          if (isFresh(kept, question.version)) return of(model);
          return asked(question).pipe(catchError((error) => instead(error, question.name, model, kept)));
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

/** Null where the kept answer is not what it should be: then it is as if there was none. */
function readable({ answer }: KeptModel, { read }: ModelQuestion): Model | null {
  try {
    return read(answer);
  } catch {
    return null;
  }
}
