import { defer, EMPTY, expand, identity, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import type { Provider } from '../ports.ts';
import type { PredictionPage } from '../types.ts';

export interface ListedPredictionsConfig {
  /** By the local clock, ms since 1970. */
  createdAfterMs: number;
  /** Pages to read at most. Default: all. */
  pages?: number;
  /** Asked before each further page, when those before have been emitted. Default: it never is. */
  isEnough?: () => boolean;
  /** Around the call for each page: a retry, say. Default none. */
  patiently?: MonoTypeOperatorFunction<PredictionPage>;
}

/** The service's list of predictions since a moment, newest first, a page at a time as long as more are wanted. */
export function listedPredictions(
  provider: Provider,
  config: ListedPredictionsConfig,
): Observable<PredictionPage> {
  const { createdAfterMs, pages = Number.POSITIVE_INFINITY } = config;
  const { isEnough = () => false, patiently = identity } = config;
  return defer(() => {
    let read = 0;
    return provider.listPredictions({ createdAfterMs }).pipe(
      patiently,
      expand(({ next }) => {
        read += 1;
        if (next === null || read >= pages || isEnough()) return EMPTY;
        return provider.listPredictions({ createdAfterMs, next }).pipe(patiently);
      }),
    );
  });
}
