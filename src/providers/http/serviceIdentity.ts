import { catchError, defer, map, type Observable, of, throwError } from 'rxjs';
import { LIST_IS_CURRENT, simulatorHeader, simulatorService } from '../../base/service.ts';
import { ProviderError } from '../../errors.ts';

interface ServiceIdentityConfig {
  /** The name of the service, unless its responses show that it is a simulator. */
  name: string;
  /** True if only its responses name it: it runs at an address of the user's. */
  isUnproved: boolean;
  /** Performs any free call; its response is not read. */
  ask: () => Observable<unknown>;
}

/** The identity of the service that a provider calls. */
export interface ServiceIdentity {
  /** Reads the headers of a response. */
  learn(headers: Headers): void;
  /**
   * Emits the name of the service. Calls it only if no response has named it before. Emits a
   * `ProviderError` if there is none.
   */
  identify(): Observable<string>;
  /** Returns true if the service is a simulator whose list lacks no prediction. */
  isListCurrent(): boolean;
}

/**
 * Creates the identity of a service. Any response names it, refusals too: a simulator names itself
 * in a header of each.
 */
export function createServiceIdentity({ name, isUnproved, ask }: ServiceIdentityConfig): ServiceIdentity {
  let known = isUnproved ? null : name;
  let isListCurrent = false;
  return {
    learn: (headers) => {
      if (isUnproved && headers.has(simulatorHeader)) {
        known = simulatorService;
        isListCurrent = headers.get(simulatorHeader) === LIST_IS_CURRENT;
      }
      known ??= name;
    },
    isListCurrent: () => isListCurrent,
    identify: () =>
      defer(() => {
        if (known !== null) return of(known);
        return ask().pipe(
          catchError((error: unknown) =>
            error instanceof ProviderError && error.status !== null ? of(null) : throwError(() => error),
          ),
          map(() => known ?? name),
        );
      }),
  };
}
