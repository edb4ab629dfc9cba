import { UsageError } from '../errors.ts';
import type { ScoringModel } from '../pipelines/scoring/ScoringModel.ts';
import { estimateMicroUsd } from '../replicate/estimateMicroUsd.ts';
import type { ModelScoreSpec } from '../scoreSpec.ts';
import { checkInputs } from '../sources/checkInputs.ts';
import { inputFiles } from '../sources/inputFiles.ts';
import { pictureInput } from '../sources/pictureInput.ts';
import type { Model, ModelInput } from '../types.ts';
import type { Flags } from './Flags.ts';
import { findModel } from './findModel.ts';
import { flagValues } from './flagValues.ts';
import type { OpenService } from './openService.ts';

/**
 * Looks up the model that rates the pictures, and checks what it is to be given; where it takes a prompt and the spec has none, that is
 * the picture's. Paths begin in `folder`. Rejects with `UsageError` where it cannot rate pictures, or not within a budget.
 */
export async function scoringModel(
  spec: ModelScoreSpec,
  { budgetMicroUsd }: Pick<Flags, 'budgetMicroUsd'>,
  { provider, onlyModel }: OpenService,
  folder: string,
): Promise<ScoringModel> {
  if (onlyModel !== null) {
    throw new UsageError(`Expected pictures to be rated by measures, got ${spec.model}, which is not here`, {
      suggestion: `The service has no other model than ${onlyModel.model}. Give score: sharpness, say.`,
    });
  }
  const reference = flagValues.modelReference.schema.parse(spec.model);
  const model = await findModel(provider, reference);
  const picture = pictureOf(model);
  const input = inputOf(spec, model, picture.name);
  const files = await inputFiles(input, { schema: model.schema, folder });
  const priceMicroUsd = spec.priceUsd === null ? null : Math.round(spec.priceUsd * 1_000_000);
  const rater = { model: model.name, version: reference.version, picture, input, priceMicroUsd };
  if (budgetMicroUsd !== null && estimateMicroUsd(model.name, input, priceMicroUsd ?? undefined) === null) {
    throw new UsageError(`Expected a known price to keep \`--budget\`, got none for ${model.name}`, {
      suggestion: 'Give the price of one rating as priceUsd: under score: in the spec.',
    });
  }
  return Object.keys(files).length === 0 ? rater : { ...rater, files };
}

function pictureOf({ name, schema }: Model): ScoringModel['picture'] {
  try {
    return pictureInput(schema, 1);
  } catch (cause) {
    throw new UsageError(`Expected a model that looks at pictures to rate them, got ${name}`, {
      suggestion: 'Name one that takes an image under score: in the spec.',
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
  throw new UsageError(`Expected a value for \`${missing}\`, which ${name} requires, got none`, {
    suggestion: `Give it under score: input: in the spec.`,
  });
}
