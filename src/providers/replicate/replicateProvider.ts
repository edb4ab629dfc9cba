import { defer, map, tap } from 'rxjs';
import { expectOptions, having, type OptionRules, ofSimulators, optionRules } from '../../base/options.ts';
import { isLoopback, replicateService, serviceAt } from '../../base/service.ts';
import type { ModelCache, Provider } from '../../ports.ts';
import type { Prediction } from '../../types.ts';
import { createServiceIdentity } from '../http/serviceIdentity.ts';
import { priceAnswers } from '../prices/cost.ts';
import { outputUrls, predictionError } from '../wire/output.ts';
import { parsePrediction } from '../wire/prediction.ts';
import { createCaller } from './caller.ts';
import { accountOf, replicateBaseUrl } from './credentials.ts';
import { createPredictionList, createServiceClock } from './listPredictions.ts';
import { createModelMemory } from './modelMemory.ts';
import { createModelLookup, createModelRoutes } from './models.ts';
import { postPrediction } from './postPrediction.ts';
import { createUpload } from './upload.ts';

export interface ReplicateProviderConfig {
  /**
   * The API token, `r8_…`. Sent to the API's origin only. Default: that of the environment,
   * `REPLICATE_API_TOKEN`.
   */
  token?: string;
  /**
   * Default `https://api.replicate.com/v1`; with the token of the environment, its
   * `REPLICATE_BASE_URL` if that is set.
   */
  baseUrl?: string;
  /**
   * Credentials to remove from the bodies of responses, besides the token; those of other services,
   * for example. Default: none; with the token of the environment, those of AWS there.
   */
  secrets?: readonly string[];
  /**
   * Time limit of a response, in addition to the wait that the service was asked for. Default
   * 30,000.
   */
  requestTimeoutMs?: number;
  /** Performs the HTTP calls. Default: the platform's fetch. */
  fetch?: typeof fetch;
  /** The local clock, ms since 1970. Default Date.now. */
  now?: () => number;
  /**
   * Stores the schemas of models from run to run. Default: no cache; each lookup asks the service.
   */
  modelCache?: ModelCache;
  /** Age from which a cached schema is used only if the lookup fails. Default 3,600,000. */
  modelMaxAgeMs?: number;
  /**
   * True if the service certainly lists each prediction at once: the built-in simulator does. A
   * lost create request that is not listed then made nothing, without further proof. Default false.
   */
  listIsCurrent?: boolean;
  /** Called when such an old schema is used. Default: no-op. */
  onWarning?: (message: string) => void;
  /**
   * Name of the service, if you know it. Default: `replicate` at its own base URL; at another one
   * `simulator` if the responses show that, else the origin.
   */
  service?: string;
}

const rules: OptionRules<ReplicateProviderConfig> = {
  token: optionRules.secret,
  baseUrl: optionRules.string,
  secrets: optionRules.secrets,
  requestTimeoutMs: optionRules.above0,
  fetch: optionRules.task,
  now: optionRules.task,
  modelCache: having('a cache of models', 'read', 'write', 'forget'),
  modelMaxAgeMs: optionRules.wait,
  listIsCurrent: optionRules.flag,
  onWarning: optionRules.task,
  service: optionRules.text,
};

/**
 * Creates a `Provider` for Replicate's HTTP API, over the official client. Each subscription is one
 * call, sent once and aborted on unsubscribe; retries, waits and polling are left to operators. Two
 * calls are corrected and sent again: a create request by name after a 404 (by version), and a list
 * from too late a time, because the local clock is ahead (from the right time).
 *
 * Throws `UsageError` for a missing or malformed token or base URL, and for a name that no option
 * has, but takes a simulator as it is; a RangeError if another option is invalid.
 *
 * Emits `ProviderError`s: those of `errorAnswers`, and `ERR_NO_CONNECTION`, `ERR_NOT_SENT` (see
 * `mayStillSend`), `ERR_CONNECTION_LOST`, `ERR_REQUEST_TIMEOUT`, `ERR_UNREADABLE_ANSWER`, and for
 * uploads `ERR_UPLOAD_DAMAGED` and `InputFileError`.
 */
export function createReplicateProvider(config: ReplicateProviderConfig = {}): Provider {
  expectOptions(config, rules, { ignored: ofSimulators });
  const { now = Date.now, listIsCurrent = false } = config;
  const account = accountOf(config);
  const { baseUrl } = account;
  const clock = createServiceClock(now);
  const routes = createModelRoutes();
  const memory = createModelMemory({ ...config, now });
  const name = config.service ?? nameAt(baseUrl);
  const identity = createServiceIdentity({
    name,
    isUnproved: config.service === undefined && name !== replicateService,
    ask: () => call({ send: (client, signal) => client.accounts.current({ signal }), read: () => null }),
  });
  const onHeaders = (headers: Headers) => {
    clock.learn(headers);
    identity.learn(headers);
  };
  const calls = { ...config, ...account, now, onHeaders };
  const call = createCaller(calls);
  const post = postPrediction(call, routes);
  const list = createPredictionList(call, { clock, baseUrl });
  return {
    answers: { urlsOf: outputUrls, errorOf: predictionError, ...priceAnswers },
    identify: identity.identify,
    isLocal: isLoopback(new URL(baseUrl).hostname),
    isPlain: new URL(baseUrl).protocol === 'http:',
    createPrediction: (request, options) =>
      defer(() => {
        const sentAtMs = now();
        const learn = (prediction: Prediction) => clock.learnCreation(prediction, sentAtMs, now());
        return post(request, options).pipe(tap(learn), memory.doubt(request));
      }),
    getPrediction: (id) =>
      call({
        send: (client, signal) => client.predictions.get(encodeURIComponent(id), { signal }),
        read: (body) => parsePrediction(body),
      }),
    cancelPrediction: (id) =>
      call({
        send: (client, signal) => client.predictions.cancel(encodeURIComponent(id), { signal }),
        read: (body) => parsePrediction(body),
      }),
    listPredictions: (query) =>
      list(query).pipe(
        map((page) => (listIsCurrent || identity.isListCurrent() ? { ...page, isCurrent: true } : page)),
      ),
    getModel: createModelLookup(call, routes, memory),
    uploadFile: createUpload(calls),
  };
}

function nameAt(baseUrl: string): string {
  return serviceAt(baseUrl) === serviceAt(replicateBaseUrl) ? replicateService : serviceAt(baseUrl);
}
