import { defer, EMPTY, expand, identity, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import type { Provider } from '../../ports.ts';
import type { PredictionPage } from '../../types.ts';

interface ListedPredictionsConfig {
  /** By the local clock, ms since 1970. */
  createdAfterMs: number;
  /** Pages to read, at most. Default: all. */
  pages?: number;
  /**
   * Called before each further page, once the pages before it have been emitted; true ends the
   * list. Default: never true.
   */
  isEnough?: () => boolean;
  /** Wraps the request for each page: in a retry, for example. Default: none. */
  patiently?: MonoTypeOperatorFunction<PredictionPage>;
}

/**
 * Reads the service's list of predictions since a moment, newest first, page by page as long as
 * more are wanted.
 */
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
