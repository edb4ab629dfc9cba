import { map, NEVER, type Observable, of } from 'rxjs';
import { PredictionError } from '../../src/errors.ts';
import type { CreateTicket, Governor, Provider, ProviderAnswers } from '../../src/ports.ts';
import type { Prediction, PredictionRequest } from '../../src/types.ts';

/**
 * Outputs are lists of files; a prediction that succeeded costs 3; the error `platform` may pass by
 * itself.
 */
const fakeAnswers: ProviderAnswers = {
  urlsOf: (output) => (Array.isArray(output) ? output.map(String) : []),
  costOf: ({ status }) => (status === 'succeeded' ? 3 : 0),
  errorOf: ({ id, error }) =>
    new PredictionError('ERR_PREDICTION_FAILED', `${error}`, {
      predictionId: id,
      recoverable: error === 'platform',
    }),
  describePrice: () => null,
};

/** A provider of which a test defines only the methods it uses; the others never emit. */
export function fakeProvider(methods: Partial<Provider>): Provider {
  const never = (): Observable<never> => NEVER;
  return {
    answers: fakeAnswers,
    createPrediction: never,
    getPrediction: never,
    listPredictions: never,
    cancelPrediction: never,
    getModel: never,
    ...methods,
  };
}

/** A governor that admits after `admitted` and records the calls of its tickets. */
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

export function aRequest(fields: Partial<PredictionRequest> = {}): PredictionRequest {
  return { model: 'owner/name', version: null, input: { prompt: 'a cat', seed: 1 }, ...fields };
}

export function aPrediction(fields: Partial<Prediction> = {}): Prediction {
  return {
    id: 'p1',
    model: 'owner/name',
    version: null,
    status: 'succeeded',
    input: { prompt: 'a cat', seed: 1 },
    output: ['https://files.example/1.png'],
    outputComplete: true,
    error: null,
    metrics: {},
    dataRemoved: false,
    createdAt: null,
    startedAt: null,
    completedAt: null,
    ...fields,
  };
}
