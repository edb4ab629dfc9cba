import type { ModelCache, Provider } from '../../ports.ts';
import { costMicroUsd, describePrice } from '../prices/cost.ts';
import { outputUrls, predictionError } from '../wire/output.ts';
import { parsePrediction } from '../wire/prediction.ts';
import { createCaller, expectCredentials, replicateBaseUrl } from './caller.ts';
import { createPredictionList, createServiceClock } from './listPredictions.ts';
import { createModelLookup, createModelMemory, createModelRoutes } from './models.ts';
import { postPrediction } from './postPrediction.ts';
import { createUpload } from './upload.ts';

export interface ReplicateProviderConfig {
  /** `r8_…`. Goes to the API's origin only. */
  token: string;
  /** Default `https://api.replicate.com/v1`. */
  baseUrl?: string;
  /** Time for an answer, besides what the service was asked to wait. Default 30,000. */
  requestTimeoutMs?: number;
  /** Performs the HTTP calls. Default: the platform's fetch. */
  fetch?: typeof fetch;
  /** The local clock, ms since 1970. Default Date.now. */
  now?: () => number;
  /** Spares the question what a model takes. Default: each lookup asks. */
  modelCache?: ModelCache;
  /** An older answer of the cache is used only where the service cannot be asked. Default 3,600,000. */
  modelMaxAgeMs?: number;
  /** Told where such an old answer is used. Default: nobody. */
  onWarning?: (message: string) => void;
}

/**
 * Replicate's HTTP API as a `Provider`, over the official client. Each subscription is one call, sent once and aborted
 * on unsubscribe; retries, waits and polling are for operators. Two questions are put again in another way where the
 * answer shows that they were put wrongly: a create by name that is answered with 404 (by version), and a list from too
 * late a moment, because the local clock is ahead (from the right one).
 *
 * Throws `UsageError` for a token or base URL that cannot be one. Emits `ProviderError`s: those of `errorAnswers`, and
 * `ERR_NO_CONNECTION`, `ERR_CONNECTION_LOST`, `ERR_REQUEST_TIMEOUT`, `ERR_UNREADABLE_ANSWER`, and of uploads
 * `ERR_UPLOAD_DAMAGED` and `InputFileError`.
 */
export function createReplicateProvider(config: ReplicateProviderConfig): Provider {
  const { token, baseUrl = replicateBaseUrl, now = Date.now } = config;
  expectCredentials(token, baseUrl);
  const clock = createServiceClock(now);
  const routes = createModelRoutes();
  const memory = createModelMemory({ ...config, now });
  const calls = { ...config, baseUrl, now, onHeaders: clock.learn };
  const call = createCaller(calls);
  const post = postPrediction(call, routes);
  return {
    answers: { urlsOf: outputUrls, costOf: costMicroUsd, errorOf: predictionError, describePrice },
    createPrediction: (request, options) => post(request, options).pipe(memory.doubt(request)),
    getPrediction: (id) =>
      call({
        ask: (client, signal) => client.predictions.get(encodeURIComponent(id), { signal }),
        read: (body) => parsePrediction(body),
      }),
    cancelPrediction: (id) =>
      call({
        ask: (client, signal) => client.predictions.cancel(encodeURIComponent(id), { signal }),
        read: (body) => parsePrediction(body),
      }),
    listPredictions: createPredictionList(call, { clock, baseUrl }),
    getModel: createModelLookup(call, routes, memory),
    uploadFile: createUpload(calls),
  };
}
