import {
  catchError,
  concatMap,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
  throwError,
} from 'rxjs';
import { ProviderError } from '../errors.ts';
import type { KeptModel, ModelCache } from '../ports.ts';
import type { Model } from '../types.ts';

export interface ModelMemoryConfig {
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
export interface ModelQuestion {
  readonly name: string;
  readonly version: string | null;
  /** Makes sense of the service's answer; throws where it cannot. */
  readonly read: (answer: unknown) => Model;
  /** Asks the service, and reads its answer with the function it is given. */
  readonly ask: <T>(read: (answer: unknown) => T) => Observable<T>;
}

export interface ModelMemory {
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
