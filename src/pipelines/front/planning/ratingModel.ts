import { hideSecrets } from '../../../base/secretInputs.ts';
import { toMicroUsd } from '../../../base/text.ts';
import { UsageError } from '../../../errors.ts';
import type { Provider } from '../../../ports.ts';
import { estimateMicroUsd } from '../../../providers/prices/cost.ts';
import type { ModelScoreSpec } from '../../../scoring/scorer.ts';
import type { AllowFilesConfig } from '../../../sources/modelInputs/allowedFiles.ts';
import { checkInputs } from '../../../sources/modelInputs/checkInput.ts';
import { inputFiles } from '../../../sources/modelInputs/inputFiles.ts';
import { pictureInput } from '../../../sources/modelInputs/pictureInput.ts';
import type { Model, ModelInput, ScoringModel } from '../../../types.ts';
import { findModel, parseModel } from './findModel.ts';

interface FindRatingModelConfig extends AllowFilesConfig {
  provider: Provider;
  /**
   * Returns the error of a model without a known price, which a budget needs. Default: there is no
   * budget.
   */
  unpriced?: ((model: string) => UsageError) | undefined;
}

/**
 * Looks up the model that rates images and checks its input; paths begin in `folder`. If it takes a
 * prompt and the spec has none, it gets the image's prompt. Rejects with `UsageError` if it cannot
 * rate images, or if there is a budget but no known price.
 */
export async function findRatingModel(
  spec: ModelScoreSpec,
  { provider, unpriced, ...allowed }: FindRatingModelConfig,
): Promise<ScoringModel> {
  const reference = parseModel(spec.model);
  const model = await findModel(provider, reference);
  const picture = pictureOf(model);
  const { input, ...secrets } = hideSecrets(inputOf(spec, model, picture.name), model.schema);
  const files = await inputFiles(input, { schema: model.schema, ...allowed });
  const priceMicroUsd = spec.priceUsd === null ? null : toMicroUsd(spec.priceUsd);
  const rater = { model: model.name, version: reference.version, picture, input, priceMicroUsd, ...secrets };
  const isPriced = estimateMicroUsd(model.name, input, priceMicroUsd ?? undefined) !== null;
  if (!isPriced && unpriced !== undefined) throw unpriced(model.name);
  return Object.keys(files).length === 0 ? rater : { ...rater, files };
}

function pictureOf({ name, schema }: Model): ScoringModel['picture'] {
  try {
    return pictureInput(schema, 1);
  } catch (cause) {
    throw new UsageError(`${name} has no known input for an image, so it cannot rate images.`, {
      suggestion: 'Under score: in the spec, name a model that takes an image.',
      cause,
    });
  }
}

function inputOf({ input: given }: ModelScoreSpec, { name, schema }: Model, picture: string): ModelInput {
  if (schema === null) return given;
  checkInputs(name, schema, given);
  const input = Object.hasOwn(schema.properties, 'prompt') ? { prompt: '{prompt}', ...given } : given;
  const missing = schema.required.find((needed) => needed !== picture && !Object.hasOwn(input, needed));
  if (missing === undefined) return input;
  throw new UsageError(`${name} requires a value for \`${missing}\`, which the spec does not give.`, {
    suggestion: `Give it under score: input: in the spec.`,
  });
}
