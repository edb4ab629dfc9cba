import { catchError, concatMap, lastValueFrom, throwError } from 'rxjs';
import { EXPECTED_MODEL, MODEL_REFERENCE, type ModelReference } from '../../../base/modelName.ts';
import { isNotFound } from '../../../base/service.ts';
import { nearestName } from '../../../base/suggest.ts';
import { shown } from '../../../base/text.ts';
import { UsageError } from '../../../errors.ts';
import { retryPolicies } from '../../../operators/internal/retryPolicies.ts';
import { retryBackoff } from '../../../operators/retryBackoff.ts';
import type { Provider } from '../../../ports.ts';
import type { Model } from '../../../types.ts';
import { missingModel } from './missingModel.ts';

/**
 * Reads `owner/name`, `owner/name:version` or `deployments/owner/name`. Throws `UsageError` for
 * anything else.
 */
export function parseModel(text: string): ModelReference {
  return parseModelAs('model', text);
}

/** The same for an option of another name. */
export function parseModelAs(name: string, text: string): ModelReference {
  if (typeof text !== 'string' || !MODEL_REFERENCE.test(text)) {
    throw new UsageError(`Expected \`${name}\` to be ${EXPECTED_MODEL}, got ${JSON.stringify(text)}`);
  }
  const [model = '', version = null] = text.split(':');
  return { model, version };
}

/** Reads an entry of `fallback`: `new-seed`, or a model. Throws `UsageError` if it is neither. */
export function parseFallback(text: string): ModelReference | 'new-seed' {
  if (text === 'new-seed') return text;
  if (typeof text === 'string' && MODEL_REFERENCE.test(text)) return parseModelAs('fallback', text);
  const meant = typeof text === 'string' ? nearestName(text, ['new-seed']) : null;
  throw new UsageError(`Expected \`fallback\` to be ${EXPECTED_MODEL}, or new-seed, got ${shown(text)}`, {
    suggestion: meant === null ? '' : 'Did you mean `new-seed`?',
  });
}

/**
 * Looks up a model; retries passing failures of the service or the network. Rejects with
 * `UsageError` if there is no such model, with `ProviderError` if the lookup fails for another
 * reason.
 */
export function findModel(provider: Provider, reference: ModelReference): Promise<Model> {
  return lastValueFrom(
    provider.getModel(reference.model, reference.version).pipe(
      retryBackoff(retryPolicies.prepare),
      catchError((error: unknown) => {
        if (!isNotFound(error)) return throwError(() => error);
        return missingModel(reference, error, provider).pipe(
          concatMap((missing) => throwError(() => missing)),
        );
      }),
    ),
  );
}
