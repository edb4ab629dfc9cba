import { catchError, lastValueFrom, throwError } from 'rxjs';
import { ProviderError, UsageError } from '../errors.ts';
import { retryBackoff } from '../operators/retryBackoff.ts';
import type { Provider } from '../ports.ts';
import { modelCatalogue } from '../replicate/modelCatalogue.ts';
import { nearestName } from '../sources/nearestName.ts';
import type { Model } from '../types.ts';
import type { ModelReference } from './Flags.ts';

/**
 * Looks a model up, trying again where the service or the network has a moment of weakness. Rejects with `UsageError`
 * where there is no such model, with `ProviderError` where the service cannot be asked.
 */
export function findModel(provider: Provider, { model, version }: ModelReference): Promise<Model> {
  const name = version === null ? model : `${model}:${version}`;
  return lastValueFrom(
    provider.getModel(model, version).pipe(
      retryBackoff({ shouldRetry: (error) => error instanceof ProviderError && error.recoverable }),
      catchError((error: unknown) => {
        const isMissing = error instanceof ProviderError && error.status === 404;
        if (!isMissing) return throwError(() => error);
        return throwError(
          () =>
            new UsageError(`Expected a model that exists, got ${name}`, {
              suggestion: `${nearMatch(model)}Check the spelling at https://replicate.com/explore; private models need the token of their owner.`,
            }),
        );
      }),
    ),
  );
}

function nearMatch(model: string): string {
  const meant = nearestName(
    model,
    modelCatalogue.map((entry) => entry.model),
  );
  return meant === null ? '' : `Did you mean ${meant}? `;
}
