import { catchError, map, type Observable, of } from 'rxjs';
import type { ModelReference } from '../../../base/modelName.ts';
import { nearestName } from '../../../base/suggest.ts';
import { type ProviderError, UsageError } from '../../../errors.ts';
import type { Provider } from '../../../ports.ts';
import { modelCatalogue } from '../../../providers/prices/catalogue.ts';

/**
 * Emits the error of a model or version that the service does not have, with the known facts: the
 * service's own reason, or that the model is there but not its version, or that it was there once.
 * Only if nothing is known the spelling may be wrong.
 */
export function missingModel(
  { model, version }: ModelReference,
  error: ProviderError,
  provider: Pick<Provider, 'getModel'>,
): Observable<UsageError> {
  const name = version === null ? model : `${model}:${version}`;
  if (error.reason !== null && !isBare(error.reason)) return of(refused(name, error.reason));
  if (version === null) return of(absent(model));
  return provider.getModel(model).pipe(
    map(({ latestVersion }) => noVersion(name, model, latestVersion)),
    catchError(() => of(absent(model, name))),
  );
}

/** Returns true for a reason that adds nothing to the status. */
function isBare(reason: string): boolean {
  return /^(?:the )?(?:requested )?(?:\w+ )?(?:(?:could |was |does )?not (?:be )?(?:found|exist)|missing)\W*$/i.test(
    reason,
  );
}

function refused(name: string, reason: string): UsageError {
  return new UsageError(`The service does not give ${name} out: ${reason}`, {
    suggestion:
      'Choose another model or version; the service gives a private one to the tokens of its owner only.',
  });
}

function noVersion(name: string, model: string, latest: string | null): UsageError {
  const newest = latest === null ? '' : ` The newest one is ${latest}.`;
  return new UsageError(`There is no version ${name}; its model is there.`, {
    suggestion: `Owners may delete versions: choose another one, or give ${model} alone for the newest.${newest}`,
  });
}

function absent(model: string, name = model): UsageError {
  const isKnown = modelCatalogue.some((entry) => entry.model === model);
  const suggestion = isKnown
    ? `Its owner may have renamed, deleted or hidden it since: look at https://replicate.com/${model}.`
    : `${nearMatch(model)}Check the spelling at https://replicate.com/explore; private models need the token of their owner.`;
  return new UsageError(`There is no model ${name}.`, { suggestion });
}

function nearMatch(model: string): string {
  const meant = nearestName(
    model,
    modelCatalogue.map((entry) => entry.model),
  );
  return meant === null ? '' : `Did you mean ${meant}? `;
}
