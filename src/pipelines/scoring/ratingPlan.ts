import { mapTexts } from '../../mapTexts.ts';
import type { ImageToScore } from '../../ports.ts';
import { estimateMicroUsd } from '../../replicate/estimateMicroUsd.ts';
import { inputFile } from '../../sources/inputFile.ts';
import { requestKey } from '../../sources/requestKey.ts';
import type { Plan } from '../../types.ts';
import type { ScoringModel } from './ScoringModel.ts';

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
  const texts = mapTexts(rater.input, (at, text) =>
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
