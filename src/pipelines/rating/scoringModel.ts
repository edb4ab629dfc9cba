import { mapInputStrings } from '../../base/modelInput.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import type { ImageToScore } from '../../ports.ts';
import { costMicroUsd, estimateMicroUsd } from '../../providers/prices/cost.ts';
import { inputFile } from '../../sources/modelInputs/inputFile.ts';
import { requestKey } from '../../sources/planning/requestKey.ts';
import type { InputFiles, Json, ModelInput, Plan, Prediction } from '../../types.ts';
import type { GenerateConfig, Run } from '../journey/run.ts';
import { concurrencyOf } from '../run/concurrency.ts';
import { createRun } from '../run/createRun.ts';

/** A model of the service that rates pictures, and how it is asked. */
export interface ScoringModel {
  /** `owner/name`. */
  readonly model: string;
  /** The pinned version (64 hex digits), or null for the model's newest. */
  readonly version: string | null;
  /** The input that takes the picture, and how it is given to it: `pictureInput(schema, 1)`. */
  readonly picture: { readonly name: string; readonly valueOf: (picture: string) => Json };
  /** All other inputs; `{prompt}` in their texts stands for the picture's prompt. */
  readonly input: ModelInput;
  /** The files that some texts of the input stand for. Absent: none. */
  readonly files?: InputFiles;
  /** Of one rating, in millionths of a US dollar. Null: as the price table has it, if it does. */
  readonly priceMicroUsd: number | null;
  /** Reads the score from an output. Default: `firstNumber`. */
  readonly parse?: (output: Json) => number | null;
}

/**
 * The first number in an output: the output itself, in its text ("I give it 7.5 of 10"), in a text that comes in pieces, or the
 * first in a list or an object. Null where there is none.
 */
export function firstNumber(output: Json): number | null {
  if (typeof output === 'number') return output;
  if (typeof output === 'string') return numberIn(output);
  if (typeof output !== 'object' || output === null) return null;
  const parts: readonly Json[] = Object.values(output);
  // A model that writes gives its text in pieces, and a piece may end in the middle of a number.
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

/** What stands for the picture in the input, until the service has it. */
const STAND_IN = 'picture';

/**
 * The request that has a model rate a picture, under the index of the picture's job. Equal pictures with equal prompts have equal keys.
 * Rejects with `UsageError` where the picture cannot be read.
 */
export async function ratingPlan({ path, prompt, index }: ImageToScore, rater: ScoringModel): Promise<Plan> {
  const { model, version, picture, files } = rater;
  const value = picture.valueOf(STAND_IN);
  const place = Array.isArray(value) ? `${picture.name}[0]` : picture.name;
  const texts = mapInputStrings(rater.input, (at, text) =>
    files?.[at] === undefined ? text.replaceAll('{prompt}', () => prompt) : text,
  );
  const input = { ...texts, [picture.name]: value };
  const request = { model, version, input, files: { ...files, [place]: await inputFile(path) } };
  return {
    ...request,
    index,
    prompt,
    tags: {},
    renditions: [],
    key: requestKey(request),
    priceMicroUsd: estimateMicroUsd(model, input, rater.priceMicroUsd ?? undefined),
    path: String(index),
  };
}

/** What is told of a rating: it is nobody's image and nobody's job. */
const told: ReadonlySet<RunEvent['type']> = new Set([
  'rate.paused',
  'model.paused',
  'warning',
  'budget.warning',
]);

/** The run of the ratings beside a run: the same service, money, pace and places, but nothing that makes pictures. */
export function ratingRun(rater: ScoringModel, config: GenerateConfig): Run {
  const { emit = () => {}, answers, strategy = 'stream' } = config;
  const {
    detach: _detach,
    fallbacksOf: _fallbacksOf,
    putAside: _putAside,
    cache: _cache,
    keep: _keep,
    destinations: _destinations,
    release: _release,
    handOver: _handOver,
    ...shared
  } = config;
  return createRun({
    ...shared,
    // A rating has no place in a line of jobs: it is tried again at once.
    strategy: 'stream',
    // It is for the run to learn how many places there are.
    concurrency: concurrencyOf(strategy, config.concurrency),
    continueOnError: true,
    answers: { ...answers, costOf: (prediction) => costOf(prediction, rater) },
    emit: (event) => {
      if (told.has(event.type)) emit(event);
    },
  });
}

/** Null, which is the expected price, where the price is of a rating, or the table knows none but of images. */
function costOf(prediction: Prediction, { priceMicroUsd }: ScoringModel): number | null {
  if (!prediction.outputComplete) return costMicroUsd(prediction);
  return priceMicroUsd === null ? costMicroUsd(prediction) || null : null;
}
