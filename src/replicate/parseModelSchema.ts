import { z } from 'zod';
import type { Json, ModelInputProperty, ModelSchema } from '../types.ts';

const json: z.ZodType<Json> = z.json();
const types = ['string', 'integer', 'number', 'boolean', 'array', 'object'] as const;

/** One property as Cog writes it. What is of an unexpected kind is left out: a schema is advice, not a contract. */
const property = z.looseObject({
  type: z.preprocess(withoutNull, z.enum(types).optional().catch(undefined)),
  enum: z.array(json).optional().catch(undefined),
  minimum: z.number().optional().catch(undefined),
  maximum: z.number().optional().catch(undefined),
  default: json.optional().catch(undefined),
  format: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  'x-order': z.number().optional().catch(undefined),
  $ref: z.string().optional().catch(undefined),
  allOf: z.array(z.unknown()).optional().catch(undefined),
  anyOf: z.array(z.unknown()).optional().catch(undefined),
  oneOf: z.array(z.unknown()).optional().catch(undefined),
  items: z.unknown().optional(),
});
type CogProperty = z.infer<typeof property>;

const document = z.looseObject({
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});
const inputs = z.looseObject({
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).optional().catch(undefined),
});
type Definitions = Readonly<Record<string, unknown>>;

/** Arrays within arrays, at most. */
const MAX_DEPTH = 8;

/**
 * A model's inputs from the OpenAPI document that Cog generates: enums stand apart behind `allOf` and `$ref`, optional
 * ones behind `anyOf` with null. In the order of `x-order`. Null where there is no such document; never throws.
 */
export function parseModelSchema(openapi: unknown): ModelSchema | null {
  const definitions = document.safeParse(openapi).data?.components.schemas;
  const input = inputs.safeParse(definitions?.Input).data;
  if (definitions === undefined || input === undefined) return null;
  const properties = Object.entries(input.properties)
    .map(([name, raw]) => ({ name, cog: flattened(raw, definitions, new Set()) }))
    .sort((a, b) => (a.cog['x-order'] ?? 0) - (b.cog['x-order'] ?? 0))
    .map(({ name, cog }) => [name, inputProperty(cog, definitions, 0)] as const);
  return { properties: Object.fromEntries(properties), required: input.required ?? [] };
}

/** The property with everything that it refers to; what it says itself wins. Each reference is followed once: some go in circles. */
function flattened(raw: unknown, definitions: Definitions, seen: Set<string>): CogProperty {
  const own = property.safeParse(raw).data ?? {};
  const choices = [...(own.anyOf ?? []), ...(own.oneOf ?? [])].filter((choice) => !isNullType(choice));
  const parts = [
    referredBy(own.$ref, definitions, seen),
    ...(own.allOf ?? []),
    ...(choices.length === 1 ? choices : []),
  ];
  const merged = parts
    .filter((part) => part !== undefined)
    .map((part) => defined(flattened(part, definitions, seen)));
  return Object.assign({}, ...merged, defined(own));
}

function referredBy(ref: string | undefined, definitions: Definitions, seen: Set<string>): unknown {
  if (ref === undefined || seen.has(ref)) return undefined;
  seen.add(ref);
  return definitions[ref.replace('#/components/schemas/', '')];
}

/** `['string', 'null']`, as newer documents write it, is an optional string. */
function withoutNull(type: unknown): unknown {
  if (!Array.isArray(type)) return type;
  const others = type.filter((one) => one !== 'null');
  return others.length === 1 ? others[0] : undefined;
}

function isNullType(raw: unknown): boolean {
  return typeof raw === 'object' && raw !== null && 'type' in raw && raw.type === 'null';
}

/** Without keys that have no value, which would hide those of what is referred to. */
function defined(cog: CogProperty): Partial<CogProperty> {
  return Object.fromEntries(Object.entries(cog).filter(([, value]) => value !== undefined));
}

function inputProperty(cog: CogProperty, definitions: Definitions, depth: number): ModelInputProperty {
  const { type, enum: choices, minimum, maximum, default: preset, format, description, items } = cog;
  return {
    type: type ?? null,
    ...(choices === undefined ? {} : { enum: choices }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(preset === undefined ? {} : { default: preset }),
    ...(format === undefined ? {} : { format }),
    ...(description === undefined ? {} : { description }),
    ...(items === undefined || depth > MAX_DEPTH
      ? {}
      : { items: inputProperty(flattened(items, definitions, new Set()), definitions, depth + 1) }),
  };
}
