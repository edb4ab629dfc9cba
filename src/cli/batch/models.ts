import type { ModelReference } from '../../base/modelName.ts';
import { hideSecrets } from '../../base/secretInputs.ts';
import { toMicroUsd } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import { findModel } from '../../pipelines/front/findModel.ts';
import type { ScoringModel } from '../../pipelines/rating/scoringModel.ts';
import type { RefinementSpec } from '../../pipelines/workflows/refinement/spec.ts';
import type { Provider } from '../../ports.ts';
import { selectModel } from '../../providers/prices/catalogue.ts';
import { estimateMicroUsd } from '../../providers/prices/cost.ts';
import { parseRendition } from '../../renditions/notation.ts';
import { readableOverlays } from '../../renditions/overlays.ts';
import type { ModelScoreSpec } from '../../scoring/scorer.ts';
import { coerceInput } from '../../sources/modelInputs/adaptInput.ts';
import { checkInputs } from '../../sources/modelInputs/checkInput.ts';
import { inputFiles } from '../../sources/modelInputs/inputFiles.ts';
import { pictureInput, takesFile } from '../../sources/modelInputs/pictureInput.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { BatchSpec } from '../../sources/specs/batchSpec.ts';
import type { Model, ModelInput } from '../../types.ts';
import type { Flags, SettledFlags } from '../flags/flags.ts';
import { flagValues } from '../flags/flagValues.ts';
import type { RatedBy } from './planSummary.ts';
import type { OpenService } from './service.ts';

export { findModel };

/**
 * Chooses the model of a run: the flag's, else the only one of the service, else the spec's, else
 * the script's. A spec may give criteria instead of a name: then it is the cheapest model of the
 * catalogue that meets them. Throws `UsageError` if none does.
 */
export function specModel(
  { model }: Pick<BatchSpec, 'model'>,
  flags: Flags,
  { onlyModel }: OpenService,
  defaultModel: string,
): ModelReference {
  const given = flags.models[0] ?? onlyModel;
  if (given !== null && given !== undefined) return given;
  if (typeof model === 'object' && model !== null) {
    const { maxCostUsd, minQuality, useCase } = model;
    const criteria = {
      ...(maxCostUsd === undefined ? {} : { maxCostUsd }),
      ...(minQuality === undefined ? {} : { minQuality }),
      ...(useCase === undefined ? {} : { useCase }),
    };
    return { model: selectModel(criteria).model, version: null };
  }
  return flagValues.modelReference.schema.parse(model ?? defaultModel);
}

/**
 * Reads the settings of all jobs from the flags, by the model's schema; paths begin in the working
 * directory. Rejects with `UsageError` if a value is invalid or a file is missing.
 */
export async function jobContext(
  flags: SettledFlags,
  { version }: ModelReference,
  model: Model,
): Promise<JobContext> {
  const { name, schema } = model;
  const pairs = flags.modelInput.map(
    ([key, text]) => [key, coerceInput(key, text, schema?.properties[key])] as const,
  );
  const input = Object.fromEntries(pairs);
  // What is typed here is the user's own word.
  const files = await inputFiles(input, { schema, allowFiles: 'any' });
  const renditions = flags.renditions.map((text) => parseRendition(text));
  return {
    model: name,
    version,
    schema,
    input,
    ...(Object.keys(files).length === 0 ? {} : { files }),
    allowFiles: flags.allowFiles,
    count: flags.count,
    seed: flags.seed,
    renditions: await readableOverlays(renditions, process.cwd()),
    ...(flags.limit === null ? {} : { limit: flags.limit }),
  };
}

/**
 * Looks up several models and reads a context for each, in their order. An `--input` that only some
 * of them have is left out for the others. Rejects with `UsageError` as `findModel` and
 * `jobContext` do.
 */
export async function jobContexts(
  flags: SettledFlags,
  references: readonly ModelReference[],
  provider: Provider,
): Promise<JobContext[]> {
  const found = await Promise.all(
    references.map(async (reference) => ({ reference, model: await findModel(provider, reference) })),
  );
  const models = found.map(({ model }) => model);
  return Promise.all(
    found.map(({ reference, model }) => {
      // An input that no model takes stays, so that the check of the context reports it.
      const isFor = (name: string) => takes(model, name) || !models.some((other) => takes(other, name));
      const modelInput = flags.modelInput.filter(([name]) => isFor(name));
      return jobContext({ ...flags, modelInput }, reference, model);
    }),
  );
}

function takes({ schema }: Model, name: string): boolean {
  return schema === null || Object.hasOwn(schema.properties, name);
}

/** Returns the plan's entry for a model that rates images. */
export function ratedBy({ model, input, priceMicroUsd }: ScoringModel): RatedBy {
  return { model, priceMicroUsd: estimateMicroUsd(model, input, priceMicroUsd ?? undefined) };
}

const defaultModel = 'black-forest-labs/flux-dev';

/**
 * Chooses the model that refines: the only one of the service, else the spec's, else the
 * candidates' own if it takes pictures, else the default one.
 */
export async function refiningModel(
  { refineModel }: RefinementSpec,
  own: ModelReference,
  flags: Flags,
  service: OpenService,
): Promise<ModelReference> {
  if (refineModel !== null || service.onlyModel !== null)
    return specModel({ model: refineModel }, { ...flags, models: [] }, service, defaultModel);
  const { schema } = await findModel(service.provider, own);
  const takesPictures = Object.values(schema?.properties ?? {}).some(takesFile);
  return takesPictures ? own : flagValues.modelReference.schema.parse(defaultModel);
}

/**
 * Looks up the model that rates images and checks its input; paths begin in `folder`. If it takes a
 * prompt and the spec has none, it gets the image's prompt. Rejects with `UsageError` if it cannot
 * rate images, or if there is a budget but no known price.
 */
export async function scoringModel(
  spec: ModelScoreSpec,
  { budgetMicroUsd, allowFiles }: Pick<Flags, 'budgetMicroUsd' | 'allowFiles'>,
  { provider, onlyModel }: OpenService,
  folder: string,
): Promise<ScoringModel> {
  if (onlyModel !== null) {
    throw new UsageError(`The service does not have ${spec.model}, the model that rates images.`, {
      suggestion: `Its only model is ${onlyModel.model}. Rate by a measure instead, such as score: sharpness.`,
    });
  }
  const reference = flagValues.modelReference.schema.parse(spec.model);
  const model = await findModel(provider, reference);
  const picture = pictureOf(model);
  const { input, ...secrets } = hideSecrets(inputOf(spec, model, picture.name), model.schema);
  const files = await inputFiles(input, { schema: model.schema, folder, allowFiles });
  const priceMicroUsd = spec.priceUsd === null ? null : toMicroUsd(spec.priceUsd);
  const rater = { model: model.name, version: reference.version, picture, input, priceMicroUsd, ...secrets };
  if (budgetMicroUsd !== null && estimateMicroUsd(model.name, input, priceMicroUsd ?? undefined) === null) {
    throw new UsageError(`\`--budget\` needs a known price, and there is none for ${model.name}.`, {
      suggestion: 'Give the price of one rating as priceUsd: under score: in the spec.',
    });
  }
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
