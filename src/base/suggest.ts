import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';

/** Longer texts are no mistyped names; comparing them would take time by the square of this. */
const LONGEST_NAME_CHARS = 200;

/** Returns the name that a mistyped one was probably meant to be, or null if none is near. */
export function nearestName(typed: string, names: Iterable<string>): string | null {
  let nearest: string | null = null;
  if (typed.length > LONGEST_NAME_CHARS) return null;
  // Two swapped letters are two edits.
  let nearestEdits = Math.max(typed.length > 3 ? 2 : 1, Math.floor(typed.length / 3)) + 1;
  for (const name of names) {
    // Each letter more or less is an edit.
    if (Math.abs(name.length - typed.length) >= nearestEdits) continue;
    const edits = distance(typed.toLowerCase(), name.toLowerCase());
    if (edits < nearestEdits) [nearest, nearestEdits] = [name, edits];
  }
  return nearest;
}

/** One mistake in a spec: its path, as keys and indexes, and a message with the expected value. */
export interface SpecProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * Describes an issue of a spec's schema in words, as one problem or several. The issue must have
 * been made with `reportInput`.
 */
export function describeSpecIssue(
  issue: z.core.$ZodIssue,
  schema: z.core.$ZodType,
  before: readonly PropertyKey[] = [],
): SpecProblem[] {
  const path = [...before, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: unknownKey(key, keysAt(schema, path)),
      }));
    case 'invalid_union':
      return describeUnion(issue, schema, path);
    case 'invalid_value':
      return [{ path, message: unknownValue(issue) }];
    case 'invalid_type':
      return [{ path, message: otherType(issue, schemasAt(schema, path)) }];
    case 'too_small':
      return [{ path, message: outOfBounds(issue, issue.minimum, 'at least') }];
    case 'too_big':
      return [{ path, message: outOfBounds(issue, issue.maximum, 'at most') }];
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, message }));
    default:
      return [{ path, message: issue.message }];
  }
}

/** Describes the problems of the union member whose kind matches the value. */
function describeUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
): SpecProblem[] {
  const fitting = issue.errors.find((issues) => !issues.some(isOfOtherKind));
  if (fitting !== undefined) return fitting.flatMap((inner) => describeSpecIssue(inner, schema, path));
  if (issue.message !== 'Invalid input') return [{ path, message: issue.message }];
  const names = issue.errors
    .flat()
    .find(({ code, path: inner }) => code === 'invalid_value' && inner.length === 0);
  if (typeof issue.input === 'string' && names !== undefined) return describeSpecIssue(names, schema, path);
  return [{ path, message: otherKind(issue, schemasAt(schema, path)) }];
}

/**
 * Names the kinds of values that a union takes, and the form of the one that was probably meant.
 */
function otherKind({ errors, input }: z.core.$ZodIssueInvalidUnion, known: readonly z.core.$ZodTypes[]) {
  const kinds = errors.flat().flatMap((inner) => (isOfOtherType(inner) ? [inner.expected] : []));
  const words = [...new Set(kinds.map((kind) => typeNames[kind] ?? kind))].join(' or ');
  return `Expected ${words}, got ${received(input)}${writtenAs(kinds, input, known)}`;
}

function isOfOtherType(issue: z.core.$ZodIssue): issue is z.core.$ZodIssueInvalidType {
  return issue.path.length === 0 && issue.code === 'invalid_type';
}

function isOfOtherKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearestName(key, known);
  return `Unknown key; ${meant === null ? `known are ${known.join(', ')}` : `did you mean ${meant}?`}`;
}

function unknownValue({ values, input, message }: z.core.$ZodIssueInvalidValue): string {
  if (!message.startsWith('Invalid ')) return message;
  const names = values.map(String);
  const meant = typeof input === 'string' ? nearestName(input, names) : null;
  const expected = `Expected ${names.length === 1 ? '' : 'one of '}${names.join(', ')}, got ${JSON.stringify(input ?? null)}`;
  return meant === null ? expected : `${expected}; did you mean ${meant}?`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
};

const unitNames: Readonly<Record<string, string>> = { string: ' characters', array: ' values' };

function outOfBounds(
  { message, origin, inclusive = true, input }: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  bound: number | bigint,
  words: 'at least' | 'at most',
): string {
  if (!message.startsWith('Too ')) return message;
  if (origin === 'array' && bound === 1 && words === 'at least')
    return 'Expected at least one value, got an empty list';
  const strictly = words === 'at least' ? 'more than' : 'less than';
  const got = typeof input === 'number' ? `, got ${input}` : '';
  return `Expected ${inclusive ? words : strictly} ${bound}${unitNames[origin] ?? ''}${got}`;
}

function otherType(
  { expected, input, message }: z.core.$ZodIssueInvalidType,
  known: readonly z.core.$ZodTypes[],
): string {
  if (!message.startsWith('Invalid ')) return message;
  const words = typeNames[expected] ?? expected;
  return `Expected ${words}, got ${received(input)}${writtenAs([expected], input, known)}`;
}

/** Returns the YAML form of a value that was probably meant as one of these kinds. */
function writtenAs(kinds: readonly string[], input: unknown, known: readonly z.core.$ZodTypes[]): string {
  if (kinds.includes('array') && typeof input === 'string')
    return `; a list stands in brackets: [${input.slice(0, LONGEST_NAME_CHARS)}]`;
  const [[name, value] = []] = isMapping(input) ? Object.entries(input) : [];
  if (name === undefined) return '';
  // YAML reads braces without quotes as keys and values.
  if (kinds.includes('string') && value === null) return `; put a text with braces in quotes: "{${name}}"`;
  if (!kinds.includes('array') || typeof value !== 'string') return '';
  return `; write it as a list, such as - ${itemOf(known, name, value)}`;
}

function isMapping(input: unknown): input is Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/** Returns an item of a list in YAML: with its name, if the items of the schema have one. */
function itemOf(known: readonly z.core.$ZodTypes[], name: string, value: string): string {
  const shapes = known.flatMap((schema) => inside(schema, 0)).flatMap(shapesOf);
  const keys = shapes.map(keysOf).find((each) => each.includes('name'));
  const other = keys?.find((key) => key !== 'name');
  return other === undefined ? value : `{name: ${name}, ${other}: ${JSON.stringify(value)}}`;
}

function received(input: unknown): string {
  if (input === undefined || input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'object' ? 'keys and values' : JSON.stringify(input);
}

/** Lists the keys that objects at a path of a schema may have, as candidates for a mistyped one. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  return [...new Set(schemasAt(schema, path).flatMap(keysOf))];
}

/** Lists the schemas of the values at a path. */
function schemasAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodTypes[] {
  let schemas = [schema];
  for (const part of path)
    schemas = schemas.flatMap((outer) => shapesOf(outer).flatMap((shape) => inside(shape, part)));
  return schemas.flatMap(shapesOf);
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

/** Unwraps a schema: removes defaults, transforms and optionality, and splits unions. */
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
