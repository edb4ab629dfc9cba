import { catchError, firstValueFrom, map, of } from 'rxjs';
import type { Provider } from '../../ports.ts';
import type { Prediction } from '../../types.ts';

/** Resolves with true if the model of a prediction may emit texts. */
export type OutputsText = (prediction: Pick<Prediction, 'model' | 'version'>) => Promise<boolean>;

/**
 * Creates a function that asks for the schema of a model when the first of its outputs turns out to
 * be a text. Schemas are remembered for the run; if the service does not give one, the function
 * resolves with false, and asks again at the next call.
 */
export function createOutputsText(provider: Pick<Provider, 'getModel'>): OutputsText {
  const known = new Map<string, boolean>();
  return async ({ model, version }) => {
    const pinned = /^[0-9a-f]{64}$/i.test(version ?? '') ? version : null;
    const name = `${model}:${pinned}`;
    const asked = provider.getModel(model, pinned).pipe(
      map(({ schema }) => schema?.outputsText ?? false),
      catchError(() => of(null)),
    );
    const answer = known.get(name) ?? (await firstValueFrom(asked, { defaultValue: null }));
    if (answer !== null) known.set(name, answer);
    return answer ?? false;
  };
}
