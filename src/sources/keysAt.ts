import type { z } from 'zod';

/** The keys that objects at a place of a schema may have, for a guess at what a mistyped one was meant to be. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  let places = [schema];
  for (const part of path)
    places = places.flatMap((place) => shapesOf(place).flatMap((shape) => inside(shape, part)));
  return [...new Set(places.flatMap(shapesOf).flatMap(keysOf))];
}

function keysOf(shape: z.core.$ZodTypes): string[] {
  return shape._zod.def.type === 'object' ? Object.keys(shape._zod.def.shape) : [];
}

function inside(shape: z.core.$ZodTypes, part: PropertyKey): z.core.$ZodType[] {
  const { def } = shape._zod;
  switch (def.type) {
    case 'object': {
      const value = def.shape[String(part)];
      return value === undefined ? [] : [value];
    }
    case 'array':
      return [def.element];
    case 'record':
      return [def.valueType];
    default:
      return [];
  }
}

/** What a schema is when all that only changes or permits is taken off. */
function shapesOf(schema: z.core.$ZodType): z.core.$ZodTypes[] {
  const known = schema as z.core.$ZodTypes;
  const { def } = known._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return shapesOf(def.innerType);
    case 'pipe':
      return shapesOf(def.in);
    case 'union':
      return def.options.flatMap(shapesOf);
    default:
      return [known];
  }
}
