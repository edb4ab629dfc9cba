import { z } from 'zod';
import type { Json, ModelInputProperty, ModelSchema } from '../../types.ts';
import { outputsText } from './outputSchema.ts';

const document = z.looseObject({
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});
const inputs = z.looseObject({
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).optional().catch(undefined),
});

/**
 * Reads a model's inputs from the OpenAPI document that Cog generates, in the order of `x-order`.
 * Returns null if there is no such document; never throws.
 */
export function parseModelSchema(openapi: unknown): ModelSchema | null {
  const definitions = document.safeParse(openapi).data?.components.schemas;
  const input = inputs.safeParse(definitions?.Input).data;
  if (definitions === undefined || input === undefined) return null;
  const reading = { definitions, partsLeft: MOST_PARTS };
  const properties = Object.entries(input.properties)
    .map(([name, raw]) => ({ name, ...parseInputProperty(raw, reading) }))
    .sort((a, b) => a.order - b.order)
    .map(({ name, property }) => [name, property] as const);
  return {
    properties: Object.fromEntries(properties),
    required: input.required ?? [],
    ...(outputsText(definitions) ? { outputsText: true } : {}),
  };
}

/**
 * The most parts that are read of a document, each as often as others refer to it. Beyond these
 * inputs are left open: a small document can refer to its parts billions of times.
 */
const MOST_PARTS = 20_000;

/** A document that is being read. */
interface Reading {
  readonly definitions: Readonly<Record<string, unknown>>;
  partsLeft: number;
}

const types = ['string', 'integer', 'number', 'boolean', 'array', 'object'] as const;
const json = z.custom<Json>();
const limit = z.number().optional().catch(undefined);
const parts = z.array(z.unknown()).optional().catch(undefined);
const text = z.string().optional().catch(undefined);

/**
 * One property as Cog writes it. Fields of unexpected types are left out: a schema is advice, not a
 * contract.
 */
const cogProperty = z.looseObject({
  type: z.unknown().optional(),
  nullable: z.literal(true).optional().catch(undefined),
  enum: z.array(json).optional().catch(undefined),
  minimum: limit,
  maximum: limit,
  // A number as of OpenAPI 3.1; before it, true if the limit itself is excluded.
  exclusiveMinimum: z.union([z.number(), z.boolean()]).optional().catch(undefined),
  exclusiveMaximum: z.union([z.number(), z.boolean()]).optional().catch(undefined),
  multipleOf: z.number().positive().optional().catch(undefined),
  minLength: limit,
  maxLength: limit,
  minItems: limit,
  maxItems: limit,
  pattern: z.string().refine(isRegExp).optional().catch(undefined),
  default: json.optional().catch(undefined),
  format: text,
  description: text,
  'x-order': limit,
  'x-cog-secret': z.unknown().optional(),
  $ref: text,
  allOf: parts,
  anyOf: parts,
  oneOf: parts,
  items: z.unknown().optional(),
});
type CogProperty = z.infer<typeof cogProperty>;

/** Deepest nesting of lists and choices that is read: some documents are circular. */
const MAX_DEPTH = 3;

/**
 * Reads one input as Cog writes it: enums behind `allOf` and `$ref`, optional inputs behind `anyOf`
 * with null. The fields of objects are left to the service to check. Never throws.
 */
function parseInputProperty(
  raw: unknown,
  reading: Reading,
): { readonly property: ModelInputProperty; readonly order: number } {
  const cog = flattened(raw, reading, new Set());
  return { property: inputProperty(cog, reading, 0), order: cog['x-order'] ?? 0 };
}

/**
 * Merges a property with those that it refers to; its own fields win. Follows each reference once:
 * some are circular.
 */
function flattened(raw: unknown, reading: Reading, seen: Set<string>): CogProperty {
  if (reading.partsLeft <= 0) return {};
  const own = cogProperty.safeParse(raw).data ?? {};
  const choices = choicesOf(own);
  reading.partsLeft -= 1 + (own.enum?.length ?? 0) + (own.allOf?.length ?? 0) + choices.length;
  const referred = [
    referredBy(own.$ref, reading, seen),
    ...(own.allOf ?? []),
    ...(choices.length === 1 ? choices : []),
  ];
  const merged = referred
    .filter((part) => part !== undefined)
    .map((part) => defined(flattened(part, reading, seen)));
  const nullable = takesNull(own) ? { nullable: true } : {};
  return Object.assign({}, ...merged, defined(own), nullable);
}

function referredBy(ref: string | undefined, { definitions }: Reading, seen: Set<string>): unknown {
  if (ref === undefined || seen.has(ref)) return undefined;
  seen.add(ref);
  return definitions[ref.replace('#/components/schemas/', '')];
}

function choicesOf({ anyOf = [], oneOf = [] }: CogProperty): unknown[] {
  return [...anyOf, ...oneOf].filter((choice) => !isNullType(choice));
}

function takesNull({ type, anyOf = [], oneOf = [] }: CogProperty): boolean {
  return (Array.isArray(type) && type.includes('null')) || [...anyOf, ...oneOf].some(isNullType);
}

function isNullType(raw: unknown): boolean {
  return typeof raw === 'object' && raw !== null && 'type' in raw && raw.type === 'null';
}

/** Drops keys without a value: they would hide those of the referred properties. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.assign(
    {},
    ...Object.entries(fields).map(([key, value]) => (value === undefined ? {} : { [key]: value })),
  );
}

function inputProperty(cog: CogProperty, reading: Reading, depth: number): ModelInputProperty {
  const { enum: choices, multipleOf, minLength, maxLength, minItems, maxItems, pattern } = cog;
  const { default: preset, format, description, nullable } = cog;
  const isTooDeep = depth >= MAX_DEPTH;
  const inner = (raw: unknown) => inputProperty(flattened(raw, reading, new Set()), reading, depth + 1);
  const alternatives = choicesOf(cog);
  return {
    type: typeOf(cog.type),
    ...(isSecret(cog) ? { isSecret: true } : {}),
    ...defined({ nullable, enum: choices, ...limitsOf(cog), multipleOf }),
    ...defined({ minLength, maxLength, minItems, maxItems, pattern, default: preset, format, description }),
    ...(cog.items === undefined || isTooDeep ? {} : { items: inner(cog.items) }),
    ...(alternatives.length < 2 || isTooDeep ? {} : { anyOf: alternatives.map(inner) }),
  };
}

/** Returns true for Cog's `Secret`, by either of its marks. */
function isSecret({ format, 'x-cog-secret': mark }: CogProperty): boolean {
  return format?.toLowerCase() === 'password' || mark === true || mark === 'true';
}

/** Reads a type; `['string', 'null']`, in newer documents, is an optional string. */
function typeOf(type: unknown): ModelInputProperty['type'] {
  const named = Array.isArray(type) ? type.filter((one) => one !== 'null') : [type];
  return (named.length === 1 && types.find((known) => known === named[0])) || null;
}

function limitsOf({ minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below }: CogProperty) {
  return {
    minimum: above === true ? undefined : minimum,
    maximum: below === true ? undefined : maximum,
    exclusiveMinimum: above === true ? minimum : numberOf(above),
    exclusiveMaximum: below === true ? maximum : numberOf(below),
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Returns false for Python patterns that JavaScript cannot compile. */
function isRegExp(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
