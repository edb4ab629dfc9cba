import { catchError, lastValueFrom, throwError } from 'rxjs';
import { EXPECTED_MODEL, MODEL_REFERENCE } from '../../base/modelName.ts';
import { nearestName } from '../../base/suggest.ts';
import { ProviderError, UsageError } from '../../errors.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import type { Provider } from '../../ports.ts';
import { modelCatalogue } from '../../providers/prices/catalogue.ts';
import type { Model } from '../../types.ts';

/** A model by name, and its pinned version; null for the newest one. */
export interface ModelReference {
  readonly model: string;
  readonly version: string | null;
}

/**
 * Reads `owner/name`, `owner/name:version` or `deployments/owner/name`. Throws `UsageError` for
 * anything else.
 */
export function parseModel(text: string): ModelReference {
  if (typeof text !== 'string' || !MODEL_REFERENCE.test(text)) {
    throw new UsageError(`Expected \`model\` to be ${EXPECTED_MODEL}, got ${JSON.stringify(text)}`, {
      suggestion: nearMatch(String(text)).trim(),
    });
  }
  const [model = '', version = null] = text.split(':');
  return { model, version };
}

/**
 * Looks up a model; retries passing failures of the service or the network. Rejects with
 * `UsageError` if there is no such model, with `ProviderError` if the lookup fails for another
 * reason.
 */
export function findModel(provider: Provider, { model, version }: ModelReference): Promise<Model> {
  const name = version === null ? model : `${model}:${version}`;
  return lastValueFrom(
    provider.getModel(model, version).pipe(
      retryBackoff(retryPolicies.prepare),
      catchError((error: unknown) => {
        const isMissing = error instanceof ProviderError && error.status === 404;
        if (!isMissing) return throwError(() => error);
        return throwError(
          () =>
            new UsageError(`There is no model ${name}.`, {
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
