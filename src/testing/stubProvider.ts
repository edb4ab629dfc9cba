import { map, NEVER, type Observable, of } from 'rxjs';
import { PredictionError } from '../errors.ts';
import type { CreateTicket, Governor, Provider, ProviderAnswers } from '../ports.ts';

/** Returns how a fake service's predictions are read, at this price for each that succeeded. */
export function fakeAnswers(priceMicroUsd: number): ProviderAnswers {
  return {
    urlsOf: (output) => (Array.isArray(output) ? output.map(String) : []),
    costOf: ({ status }, price = priceMicroUsd) => (status === 'succeeded' ? price : 0),
    errorOf: ({ id, error }) =>
      new PredictionError('ERR_PREDICTION_FAILED', `${error}`, {
        predictionId: id,
        recoverable: error === 'platform',
      }),
    describePrice: () => null,
  };
}

/**
 * Creates a provider of which a test defines only the methods it uses, as marbles for example; the
 * others never emit. Outputs are lists of files; a prediction that succeeded costs 3 millionths of
 * a dollar; the error `platform` may pass by itself, others do not.
 *
 *     const getPrediction = () => cold('--(p|)', { p: aPrediction() });
 *     const provider = stubProvider({ getPrediction });
 *
 * `fakeProvider` makes predictions by itself.
 */
export function stubProvider(methods: Partial<Provider> = {}): Provider {
  const never = (): Observable<never> => NEVER;
  return {
    answers: fakeAnswers(3),
    createPrediction: never,
    getPrediction: never,
    listPredictions: never,
    cancelPrediction: never,
    getModel: never,
    ...methods,
  };
}

/**
 * Creates a governor that admits each create request when `admitted` emits, at once by default.
 * `told` records the reports of the responses: `accepted`, `accepted 5` with the requests that
 * remain, `refused 2000` with the wait in ms.
 */
export function fakeGovernor(
  admitted: () => Observable<unknown> = () => of(null),
): Governor & { told: string[] } {
  const told: string[] = [];
  const ticket: CreateTicket = {
    accepted: (limits) => told.push(limits === null ? 'accepted' : `accepted ${limits.remaining}`),
    refused: (waitMs) => told.push(`refused ${waitMs}`),
  };
  return { told, admit: () => admitted().pipe(map(() => ticket)) };
}
