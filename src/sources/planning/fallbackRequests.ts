import { UsageError } from '../../errors.ts';
import type { Model, ModelInput, ModelSchema, Plan, PricedRequest } from '../../types.ts';
import { adaptInput } from '../modelInputs/adaptInput.ts';

/** A prime: whatever the range of seeds, each level has another one. */
const STEP = 625_341_599;

/** The same model with another seed, where it refuses what it made of a prompt. */
type NewSeed = 'new-seed';

/** A model to go on with where another one fails. */
export interface FallbackModel {
  readonly model: Model;
  /** 64 hex digits, or null for the model's newest. */
  readonly version: string | null;
}

export interface FallbackRequestsConfig {
  fallbacks: readonly (FallbackModel | NewSeed)[];
  /** What the inputs are made for; null where nobody knows. */
  schema: ModelSchema | null;
  /** Expected price of one prediction in millionths of a US dollar, null where none is known. */
  priceOf: (model: string, input: ModelInput) => number | null;
}

/**
 * The requests to other models that can stand in for a plan's own, with the inputs that each of them takes. Throws
 * `UsageError` at call time where one of them needs what the first model does not have.
 */
export function fallbackRequests(config: FallbackRequestsConfig): (plan: Plan) => readonly PricedRequest[] {
  const { fallbacks, schema, priceOf } = config;
  for (const fallback of fallbacks) if (fallback !== 'new-seed') expectSameNeeds(fallback.model, schema);
  if (fallbacks.includes('new-seed')) expectSeed(schema);
  return (plan) =>
    fallbacks.map((fallback, level) => {
      if (fallback === 'new-seed') return reseeded(plan, level + 1, schema);
      const { model, version } = fallback;
      const input = adaptInput(plan.input, model.schema);
      return { model: model.name, version, input, priceMicroUsd: priceOf(model.name, input) };
    });
}

/** Far from the seeds that the run counts up itself, within what the model takes, and the same whenever it is asked for. */
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
  throw new UsageError('Expected a model with a seed for `--fallback new-seed`, got one without', {
    suggestion: 'Name another model for --fallback.',
  });
}

function expectSameNeeds({ name, schema: wanted }: Model, schema: ModelSchema | null): void {
  if (schema === null) return;
  const missing = wanted?.required.find((input) => schema.properties[input] === undefined);
  if (missing === undefined) return;
  throw new UsageError(
    `Expected a fallback that needs no more than the first model, got ${name}, which needs \`${missing}\``,
    { suggestion: 'Choose another model for --fallback.' },
  );
}
