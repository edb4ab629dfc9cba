import { map, type Observable, type ObservableInput } from 'rxjs';
import { expectOption } from '../../base/options.ts';
import { ProviderError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import type { Model, Prediction, PredictionPage, PredictionStatus, UploadedFile } from '../../types.ts';
import { checkedAnswers } from './checkedAnswers.ts';
import { oneValueOf } from './userStreams.ts';

const checked = new WeakSet<Provider>();
const guards = new WeakMap<Provider, Provider>();

/**
 * Returns a provider whose every call emits exactly one value, of the kind that the port asks for,
 * and completes; further values are dropped. A call that emits none, or another one, emits a
 * `ProviderError` that names the method and the expected value; for `createPrediction` it has
 * `tookEffect: 'unknown'`, because the request may have been sent. Unreadable predictions of a list
 * count as `unreadable`. Its `answers` are those of `checkedAnswers`. Throws a RangeError if it is
 * given no provider.
 *
 *     createPrediction                 p-q|   p starting, q its end
 *     that of the checked provider     (p|)
 *     createPrediction                 -|
 *     that of the checked provider     -#     ERR_PROVIDER_VALUE
 */
export function checkedProvider(provider: Provider): Provider {
  expectProvider(provider);
  if (checked.has(provider)) return provider;
  const known = guards.get(provider);
  if (known !== undefined) return known;
  const guard = asChecked(guardOf(provider));
  guards.set(provider, guard);
  return guard;
}

/** Notes that all calls of a provider go to one that is checked. */
export function asChecked(provider: Provider): Provider {
  checked.add(provider);
  return provider;
}

const methods = ['createPrediction', 'getPrediction', 'listPredictions'] as const;

function expectProvider(provider: Provider): void {
  const isOne =
    typeof provider === 'object' &&
    provider !== null &&
    methods.every((name) => typeof provider[name] === 'function');
  const expected = `a provider, with the methods ${methods.join(', ')}`;
  expectOption(isOne, 'provider', expected, provider);
}

function guardOf(provider: Provider): Provider {
  const { identify, uploadFile } = provider;
  return {
    get answers() {
      return checkedAnswers(provider.answers);
    },
    get isLocal() {
      return provider.isLocal ?? false;
    },
    get isPlain() {
      return provider.isPlain ?? false;
    },
    createPrediction: (request, options) =>
      call('createPrediction', () => provider.createPrediction(request, options)),
    getPrediction: (id) => call('getPrediction', () => provider.getPrediction(id)),
    listPredictions: (query) =>
      call('listPredictions', () => provider.listPredictions(query)).pipe(map(withoutUnreadable)),
    cancelPrediction: (id) => call('cancelPrediction', () => provider.cancelPrediction(id)),
    getModel: (name, version) => call('getModel', () => provider.getModel(name, version)),
    ...(identify && { identify: () => call('identify', () => identify.call(provider)) }),
    ...(uploadFile && { uploadFile: (file) => call('uploadFile', () => uploadFile.call(provider, file)) }),
  };
}

/** A kind of value: in words, and as a test. */
interface Kind {
  readonly expected: string;
  readonly isRight: (value: unknown) => boolean;
}

const prediction: Kind = {
  expected: 'a prediction with `id`, `model`, `status`, `input`, `output` and `outputComplete`',
  isRight: isPrediction,
};

/** The value that each method emits. */
const kinds = {
  createPrediction: prediction,
  getPrediction: prediction,
  cancelPrediction: prediction,
  listPredictions: {
    expected: 'a page: a list of `predictions`, and `next`, which is a text or null',
    isRight: isPage,
  },
  getModel: { expected: 'a model with `name` and `schema`, which may be null', isRight: isModel },
  identify: { expected: 'the name of the service', isRight: isText },
  uploadFile: { expected: 'an uploaded file with `url` and `lifetimeMs`', isRight: isUpload },
} as const satisfies Partial<Record<keyof Provider, Kind>>;

function call<T>(method: keyof typeof kinds, send: () => ObservableInput<T>): Observable<T> {
  return oneValueOf(send, kinds[method].isRight, (got) => wrongValue(method, got));
}

function wrongValue(method: keyof typeof kinds, got: string): ProviderError {
  const isCreate = method === 'createPrediction';
  return new ProviderError(
    'ERR_PROVIDER_VALUE',
    `Expected \`${method}\` of the provider to emit ${kinds[method].expected}, got ${got}`,
    {
      tookEffect: isCreate ? 'unknown' : 'no',
      suggestion:
        'Correct the provider: each of its methods emits one value. `providerConformance` of rxposure/testing checks it.',
    },
  );
}

const statuses: Readonly<Record<PredictionStatus, true>> = {
  unknown: true,
  starting: true,
  processing: true,
  succeeded: true,
  failed: true,
  canceled: true,
  aborted: true,
};

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** Returns true for an object whose fields can be looked at. */
function isObject<T extends object>(value: unknown): value is Partial<T> {
  return typeof value === 'object' && value !== null;
}

function isPrediction(value: unknown): boolean {
  if (!isObject<Prediction>(value)) return false;
  const { id, model, status, input, output, outputComplete } = value;
  return (
    isText(id) &&
    isText(model) &&
    Object.hasOwn(statuses, status ?? '') &&
    typeof input === 'object' &&
    output !== undefined &&
    typeof outputComplete === 'boolean'
  );
}

function isPage(value: unknown): boolean {
  if (!isObject<PredictionPage>(value)) return false;
  const { predictions, next } = value;
  return Array.isArray(predictions) && (next === null || typeof next === 'string');
}

function isModel(value: unknown): boolean {
  return isObject<Model>(value) && isText(value.name) && typeof value.schema === 'object';
}

function isUpload(value: unknown): boolean {
  return isObject<UploadedFile>(value) && isText(value.url) && Number(value.lifetimeMs) >= 0;
}

/** Drops the items of a page that are no predictions, and counts them. */
function withoutUnreadable(page: PredictionPage): PredictionPage {
  if (page.predictions.every(isPrediction)) return page;
  const predictions = page.predictions.filter(isPrediction);
  const unreadable = (page.unreadable ?? 0) + page.predictions.length - predictions.length;
  return { ...page, predictions, unreadable };
}
