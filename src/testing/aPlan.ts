import { requestKey } from '../sources/planning/requestKey.ts';
import type { ImageFile, Outcome, Plan, Prediction, PredictionRequest } from '../types.ts';

/**
 * Returns a create request: `a cat` by the model `owner/name`, except for the fields given.
 *
 *     aRequest({ input: { prompt: 'an owl' } })
 */
export function aRequest(fields: Partial<PredictionRequest> = {}): PredictionRequest {
  return { model: 'owner/name', version: null, input: { prompt: 'a cat', seed: 1 }, ...fields };
}

/**
 * Returns a plan at $0.003, except for the fields given. Seed, path and key follow from `index`,
 * `prompt` and the rest of the request, as in a real run: plans with other indexes have other keys.
 *
 *     const plans = [0, 1, 2].map((index) => aPlan({ index, prompt: `fox ${index}` }));
 */
export function aPlan(fields: Partial<Plan> = {}): Plan {
  const { index = 0, prompt = 'a cat', model = 'owner/name', version = null, files } = fields;
  const input = fields.input ?? { prompt, seed: index + 1 };
  const request = { model, version, input, ...(files === undefined ? {} : { files }) };
  return {
    index,
    prompt,
    ...request,
    tags: {},
    renditions: [],
    key: requestKey(request),
    priceMicroUsd: 3_000,
    path: String(index + 1).padStart(4, '0'),
    ...fields,
  };
}

/**
 * Returns a prediction that succeeded with one file, without times, except for the fields given.
 * One that did not succeed has no output, unless `outputComplete` is true.
 *
 *     aPrediction({ id: 'p2', status: 'processing' })
 */
export function aPrediction(fields: Partial<Prediction> = {}): Prediction {
  const { status = 'succeeded' } = fields;
  const { outputComplete = status === 'succeeded' } = fields;
  return {
    id: 'p1',
    model: 'owner/name',
    version: null,
    status,
    input: { prompt: 'a cat', seed: 1 },
    output: outputComplete ? ['https://files.example/1.png'] : null,
    outputComplete,
    error: null,
    metrics: {},
    dataRemoved: false,
    createdAt: null,
    startedAt: null,
    completedAt: null,
    ...fields,
  };
}

/** Returns a PNG of 8 x 8 pixels and 1 byte, except for the fields given; no such file exists. */
export function anImageFile(fields: Partial<ImageFile> = {}): ImageFile {
  return {
    path: '/run/0001.png',
    bytes: 1,
    sha256: 'b'.repeat(64),
    format: 'png',
    widthPx: 8,
    heightPx: 8,
    ...fields,
  };
}

/**
 * Returns the outcome of a job that was saved without files at $0.003, except for the fields given.
 */
export function anOutcome(fields: Partial<Outcome> = {}): Outcome {
  const { index, key, prompt, model, version, input, tags } = aPlan({ index: fields.index ?? 0 });
  return {
    ...{ index, key, prompt, model, version, input, tags },
    status: 'saved',
    predictionId: 'p1',
    attempts: 1,
    files: [],
    metrics: {},
    costUsd: 0.003,
    cached: false,
    createdAt: null,
    completedAt: null,
    ...fields,
  };
}
