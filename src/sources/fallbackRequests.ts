import { UsageError } from '../errors.ts';
import type { Model, ModelInput, ModelSchema, Plan, PricedRequest } from '../types.ts';
import { fitInput } from './fitInput.ts';

/** A model to go on with where another one fails. */
export interface FallbackModel {
  readonly model: Model;
  /** 64 hex digits, or null for the model's newest. */
  readonly version: string | null;
}

export interface FallbackRequestsConfig {
  fallbacks: readonly FallbackModel[];
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
  for (const { model } of fallbacks) expectSameNeeds(model, schema);
  return (plan) =>
    fallbacks.map(({ model, version }) => {
      const input = fitInput(plan.input, model.schema);
      return { model: model.name, version, input, priceMicroUsd: priceOf(model.name, input) };
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
