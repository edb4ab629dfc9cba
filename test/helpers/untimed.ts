import { map } from 'rxjs';
import type { Provider } from '../../src/ports.ts';
import type { Prediction } from '../../src/types.ts';

/**
 * A provider whose predictions have no creation times, for runs whose clock is faster than
 * the service's.
 */
export function untimed(provider: Provider): Provider {
  const without = <T extends Prediction>(prediction: T): T => ({ ...prediction, createdAt: null });
  return {
    ...provider,
    createPrediction: (...args) => provider.createPrediction(...args).pipe(map(without)),
    listPredictions: (query) =>
      provider
        .listPredictions(query)
        .pipe(map((page) => ({ ...page, predictions: page.predictions.map(without) }))),
  };
}
