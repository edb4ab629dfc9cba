import { z } from 'zod';
import type { ModelSchema } from '../types.ts';
import { parseInputProperty } from './parseInputProperty.ts';

const document = z.looseObject({
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});
const inputs = z.looseObject({
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).optional().catch(undefined),
});

/**
 * A model's inputs from the OpenAPI document that Cog generates, in the order of `x-order`. Null where there is no such
 * document; never throws.
 */
export function parseModelSchema(openapi: unknown): ModelSchema | null {
  const definitions = document.safeParse(openapi).data?.components.schemas;
  const input = inputs.safeParse(definitions?.Input).data;
  if (definitions === undefined || input === undefined) return null;
  const properties = Object.entries(input.properties)
    .map(([name, raw]) => ({ name, ...parseInputProperty(raw, definitions) }))
    .sort((a, b) => a.order - b.order)
    .map(({ name, property }) => [name, property] as const);
  return { properties: Object.fromEntries(properties), required: input.required ?? [] };
}
