import { mapInputStrings } from '../../base/modelInput.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import { costMicroUsd, estimateMicroUsd } from '../../providers/prices/cost.ts';
import { inputFile } from '../../sources/modelInputs/inputFile.ts';
import { requestKey } from '../../sources/planning/requestKey.ts';
import type { ImageToScore, Json, Plan, Prediction, ScoringModel } from '../../types.ts';
import type { GenerateConfig } from '../journey/config.ts';
import type { Run } from '../journey/run.ts';
import { concurrencyOf } from '../run/concurrency.ts';
import { createRun } from '../run/createRun.ts';
import { runDefaults } from '../run/settings.ts';

/**
 * Returns the first number in an output: the output itself, or the first in its text ("I give it
 * 7.5 of 10"), in the joined pieces of a text, in a list or an object. Null if there is none.
 */
export function firstNumber(output: Json): number | null {
  if (typeof output === 'number') return output;
  if (typeof output === 'string') return numberIn(output);
  if (typeof output !== 'object' || output === null) return null;
  const parts: readonly Json[] = Object.values(output);
  // A language model's text comes in pieces, and a piece may end in the middle of a number.
  if (Array.isArray(output) && parts.every((part) => typeof part === 'string'))
    return numberIn(parts.join(''));
  for (const part of parts) {
    const found = firstNumber(part);
    if (found !== null) return found;
  }
  return null;
}

function numberIn(text: string): number | null {
  const [found] = /(?<![\w.-])-?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?/i.exec(text) ?? [];
  return found === undefined ? null : Number(found);
}

/** The stand-in for the image in the input, until the service has it. */
const STAND_IN = 'picture';

/**
 * Returns the request that has a model rate an image, under the index of the image's job. Identical
 * images with identical prompts have the same key. Rejects with `UsageError` if the image cannot be
 * read.
 */
export async function ratingPlan({ path, prompt, index }: ImageToScore, rater: ScoringModel): Promise<Plan> {
  const { model, version = null, picture, files, secrets } = rater;
  const value = picture.valueOf(STAND_IN);
  const picturePath = Array.isArray(value) ? `${picture.name}[0]` : picture.name;
  const texts = mapInputStrings(rater.input, (at, text) =>
    files?.[at] === undefined ? text.replaceAll('{prompt}', () => prompt) : text,
  );
  const input = { ...texts, [picture.name]: value };
  const request = { model, version, input, files: { ...files, [picturePath]: await inputFile(path) } };
  return {
    ...request,
    ...(secrets === undefined ? {} : { secrets }),
    index,
    prompt,
    tags: {},
    renditions: [],
    key: requestKey(request),
    priceMicroUsd: estimateMicroUsd(model, input, rater.priceMicroUsd ?? undefined),
    path: String(index),
  };
}

/**
 * Events of ratings that listeners receive: those that concern the run. A rating is neither a job
 * nor an image.
 */
const reported: ReadonlySet<RunEvent['type']> = new Set([
  'rate.paused',
  'outage.began',
  'outage.ended',
  'model.paused',
  'warning',
  'budget.warning',
]);

/**
 * Creates the run of the ratings beside a run: it shares service, money, pace and slots, but makes
 * no images.
 */
export function ratingRun(rater: ScoringModel, config: GenerateConfig): Run {
  const { emit = () => {}, answers, strategy = runDefaults.strategy } = config;
  const {
    detached: _detached,
    beforeCreate: _beforeCreate,
    fallbacksOf: _fallbacksOf,
    onFailed: _onFailed,
    cache: _cache,
    lookout: _lookout,
    persist: _persist,
    destinations: _destinations,
    afterSaved: _afterSaved,
    handOver: _handOver,
    transform: _transform,
    rate: _rate,
    ...shared
  } = config;
  return createRun({
    ...shared,
    // A rating has no position in a line of jobs: it is tried again at once.
    strategy: 'stream',
    // Only the run itself learns the number of slots.
    concurrency: concurrencyOf(strategy, config.concurrency),
    continueOnError: true,
    answers: {
      ...answers,
      costOf: (prediction) => costOf(prediction, rater),
      estimateOf: () => rater.priceMicroUsd ?? null,
    },
    emit: (event) => {
      if (reported.has(event.type)) emit(event);
    },
  });
}

/**
 * Returns the cost of a rating; null, which stands for the expected price, if that is set or the
 * table has prices of images only.
 */
function costOf(prediction: Prediction, { priceMicroUsd = null }: ScoringModel): number | null {
  if (!prediction.outputComplete) return costMicroUsd(prediction);
  return priceMicroUsd === null ? costMicroUsd(prediction) || null : null;
}
