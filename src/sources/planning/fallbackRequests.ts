import { option, UsageError } from '../../errors.ts';
import type { Model, ModelInput, ModelSchema, Plan, PricedRequest } from '../../types.ts';
import { adaptInput } from '../modelInputs/adaptInput.ts';

/** A prime, so that each level has another seed, for any range of seeds. */
const STEP = 625_341_599;

/** The same model with another seed, if it refuses the image that it made. */
export type NewSeed = 'new-seed';

/** A model to use if the one before it fails. */
export interface FallbackModel {
  readonly model: Model;
  /** 64 hex digits. Absent or null: the model's newest version. */
  readonly version?: string | null;
}

export interface FallbackRequestsConfig {
  fallbacks: readonly (FallbackModel | NewSeed)[];
  /** Schema of the model that the inputs were made for; null if it publishes none. */
  schema: ModelSchema | null;
  /** Expected price of one prediction in millionths of a US dollar, null if unknown. */
  priceOf: (model: string, input: ModelInput) => number | null;
}

/**
 * Creates a function that returns the requests to try if a plan's own fails, each with the inputs
 * that its model takes. Throws `UsageError` at call time if a fallback requires an input that the
 * first model does not have.
 */
export function fallbackRequests(config: FallbackRequestsConfig): (plan: Plan) => readonly PricedRequest[] {
  const { fallbacks, schema, priceOf } = config;
  for (const fallback of fallbacks) if (fallback !== 'new-seed') expectSameNeeds(fallback.model, schema);
  if (fallbacks.includes('new-seed')) expectSeed(schema);
  return (plan) =>
    fallbacks.map((fallback, level) => {
      if (fallback === 'new-seed') return reseeded(plan, level + 1, schema);
      const { model, version = null } = fallback;
      const input = adaptInput(plan.input, model.schema);
      return { model: model.name, version, input, priceMicroUsd: priceOf(model.name, input) };
    });
}

/**
 * Derives a seed that is far from those of the run, within the model's range, and the same on every
 * call.
 */
function reseeded(
  { model, version, input, priceMicroUsd }: Plan,
  level: number,
  schema: ModelSchema | null,
): PricedRequest {
  const { minimum = 0, maximum = 2 ** 31 - 1 } = schema?.properties.seed ?? {};
  const lowest = Math.max(0, minimum);
  const choices = Math.min(maximum, 2 ** 31 - 1) - lowest + 1;
  const { seed = lowest } = input;
  const seedNow = lowest + ((Number(seed) - lowest + level * STEP) % choices);
  return { model, version, input: { ...input, seed: seedNow }, priceMicroUsd, onlyAfterRefusal: true };
}

function expectSeed(schema: ModelSchema | null): void {
  if (schema === null || schema.properties.seed !== undefined) return;
  throw new UsageError(
    `${option('--fallback', 'new-seed')} needs a model with a \`seed\` input; this one has none`,
    {
      suggestion: `Give ${option('--fallback')} another model instead.`,
    },
  );
}

function expectSameNeeds({ name, schema: wanted }: Model, schema: ModelSchema | null): void {
  if (schema === null) return;
  const missing = wanted?.required.find((input) => schema.properties[input] === undefined);
  if (missing === undefined) return;
  throw new UsageError(
    `The fallback ${name} requires the input \`${missing}\`, which the first model does not have`,
    { suggestion: `Choose another model for ${option('--fallback')}.` },
  );
}
