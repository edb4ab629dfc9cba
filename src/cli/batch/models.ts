import type { ModelReference } from '../../base/modelName.ts';
import { UsageError } from '../../errors.ts';
import { chooseModel, chooseRefiner } from '../../pipelines/front/planning/chooseModel.ts';
import { findModel } from '../../pipelines/front/planning/findModel.ts';
import {
  type ContextChoices,
  jobContext as contextOf,
  contextsFor,
} from '../../pipelines/front/planning/jobContexts.ts';
import { findRatingModel } from '../../pipelines/front/planning/ratingModel.ts';
import type { RefinementSpec } from '../../pipelines/workflows/refinement/spec.ts';
import type { Provider } from '../../ports.ts';
import { estimateMicroUsd } from '../../providers/prices/cost.ts';
import type { ModelScoreSpec } from '../../scoring/scorer.ts';
import { coerceInput } from '../../sources/modelInputs/adaptInput.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { BatchSpec } from '../../sources/specs/batchSpec.ts';
import type { Model, ScoringModel } from '../../types.ts';
import type { Flags, SettledFlags } from '../flags/flags.ts';
import { hasBudget } from '../flags/spendingLimits.ts';
import type { RatedBy } from './planSummary.ts';
import type { OpenService } from './service.ts';

export { findModel };

/**
 * Chooses the model of a run: the flag's, else the only one of the service, else the spec's, else
 * the script's, in whose place a config may have another if a prompt is all that it needs. Throws
 * `UsageError` if no model meets the criteria of the spec.
 */
export function specModel(
  spec: Pick<BatchSpec, 'model'>,
  flags: Pick<Flags, 'models' | 'config'>,
  { onlyModel }: OpenService,
  defaultModel: string,
): ModelReference {
  const [own] = defaultModel === textModel ? (flags.config?.values.models ?? []) : [];
  const preset = own === undefined ? defaultModel : nameOf(own);
  return chooseModel(spec, flags.models[0] ?? onlyModel, preset);
}

/** The model of commands that need a prompt alone, unless a config names another. */
const textModel = 'black-forest-labs/flux-schnell';

/** Chooses the model of a run that has no spec. */
export function promptModel(flags: Pick<Flags, 'models' | 'config'>, service: OpenService): ModelReference {
  return specModel({ model: null }, flags, service, textModel);
}

function nameOf({ model, version }: ModelReference): string {
  return version === null ? model : `${model}:${version}`;
}

/**
 * Reads the settings of all jobs from the flags, by the model's schema; paths begin in the working
 * directory. Rejects with `UsageError` if a value is invalid or a file is missing.
 */
export function jobContext(
  flags: SettledFlags,
  reference: ModelReference,
  model: Model,
): Promise<JobContext> {
  return contextOf(choicesOf(flags), reference, model);
}

/**
 * Looks up several models and reads a context for each, in their order. An `--input` that only some
 * of them have is left out for the others. Rejects with `UsageError` as `findModel` and
 * `jobContext` do.
 */
export function jobContexts(
  flags: SettledFlags,
  references: readonly ModelReference[],
  provider: Provider,
): Promise<JobContext[]> {
  return contextsFor(choicesOf(flags), references, provider);
}

function choicesOf({ modelInput, renditions, allowFiles, count, seed, limit }: SettledFlags): ContextChoices {
  return {
    input: modelInput,
    readInput: (name, text, property) => coerceInput(name, String(text), property),
    renditions,
    allowFiles,
    count,
    seed,
    ...(limit === null ? {} : { limit }),
  };
}

/** Returns the plan's entry for a model that rates images. */
export function ratedBy({ model, input, priceMicroUsd }: ScoringModel): RatedBy {
  return { model, priceMicroUsd: estimateMicroUsd(model, input, priceMicroUsd ?? undefined) };
}

/**
 * Chooses the model that refines: the only one of the service, else the spec's, else the
 * candidates' own if it takes pictures, else the default one.
 */
export function refiningModel(
  spec: RefinementSpec,
  own: ModelReference,
  service: OpenService,
): Promise<ModelReference> {
  return chooseRefiner(spec, own, service);
}

/**
 * Looks up the model that rates images and checks its input; paths begin in `folder`. Rejects with
 * `UsageError` if it cannot rate images, or if there is a budget but no known price.
 */
export async function scoringModel(
  spec: ModelScoreSpec,
  flags: Parameters<typeof hasBudget>[0] & Pick<Flags, 'allowFiles'>,
  { provider, onlyModel }: OpenService,
  folder: string,
): Promise<ScoringModel> {
  if (onlyModel !== null) {
    throw new UsageError(`The service does not have ${spec.model}, the model that rates images.`, {
      suggestion: `Its only model is ${onlyModel.model}. Rate by a measure instead, such as score: sharpness.`,
    });
  }
  const unpriced = hasBudget(flags) ? unpricedRater : undefined;
  return findRatingModel(spec, { provider, folder, allowFiles: flags.allowFiles, unpriced });
}

function unpricedRater(model: string): UsageError {
  return new UsageError(`\`--budget\` needs a known price, and there is none for ${model}.`, {
    suggestion: 'Give the price of one rating as priceUsd: under score: in the spec.',
  });
}
