import type { Ajv, ValidateFunction } from 'ajv';
import { isSecretInput, SECRET } from '../../base/secretInputs.ts';
import { nearestName } from '../../base/suggest.ts';
import { isBytes } from '../../base/text.ts';
import { requirePackage } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import type { Json, ModelInput, ModelInputProperty, ModelSchema } from '../../types.ts';
import { bytesShown, catchUsageError, expectedInput, throwUsageErrors } from './describeInput.ts';
import { linearPattern } from './linearPattern.ts';
import { nearestChoice } from './nearestChoice.ts';
import { numberHint } from './spreadsheetText.ts';

/**
 * Throws `UsageError` if a value is not valid for this input of a model: type, choices, range,
 * length.
 */
export function checkInput(name: string, value: Json, property: ModelInputProperty): void {
  const validate = inputValidator(property);
  if (validate(value)) return;
  // If several types are allowed, each one reports errors; the shortest path is the value that none
  // of them accepts.
  const paths = (validate.errors ?? []).map(({ instancePath }) => instancePath);
  const [path = ''] = paths.sort((a, b) => a.length - b.length);
  const wrong = innermost({ name, value, property }, path.split('/').slice(1).map(Number));
  throw new UsageError(
    `Expected \`${wrong.name}\` to be ${expectedInput(wrong.property, wrong.value)}, got ${isSecretInput(property) ? SECRET : `${shown(wrong)}${hint(wrong)}`}`,
  );
}

interface Given {
  readonly name: string;
  readonly value: Json;
  readonly property: ModelInputProperty;
}

/**
 * Returns the item at these indexes in nested lists: `[1, 0]` is the first item of the second list.
 */
function innermost({ name, value, property }: Given, indexes: readonly number[]): Given {
  const [index, ...rest] = indexes;
  if (index === undefined || !Array.isArray(value) || property.items === undefined)
    return { name, value, property };
  return innermost({ name: `${name}[${index}]`, value: value[index], property: property.items }, rest);
}

function shown({ value, property }: Given): string {
  // JSON has no word for infinity.
  if (typeof value === 'number') return String(value);
  if (isBytes(value)) return bytesShown;
  const clipped = clip(typeof value === 'string' ? value : JSON.stringify(value));
  if (typeof value !== 'string') return clipped;
  if (isTooLarge(value, property)) return `${clipped}, which is too large`;
  // If all choices are words, a word needs no quotes.
  const isWord = value.trim() === value && value !== '';
  if (isWord && property.enum?.every((choice) => typeof choice === 'string')) return clipped;
  const why = takesNumbers(property) ? numberHint(value) : '';
  return `the text ${JSON.stringify(clipped)}${why}`;
}

/** Returns true for the digits of a whole number that JavaScript, and JSON, cannot hold exactly. */
function isTooLarge(text: string, property: ModelInputProperty): boolean {
  return takesNumbers(property) && /^\s*[-+]?\d{16,}\s*$/.test(text) && !Number.isSafeInteger(Number(text));
}

function takesNumbers({ type, anyOf = [] }: ModelInputProperty): boolean {
  return type === 'integer' || type === 'number' || anyOf.some(takesNumbers);
}

function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

function hint({ value, property }: Given): string {
  const nearest = nearestChoice(value, property.enum ?? []);
  return nearest === null ? '' : ` (did you mean ${nearest}?)`;
}

/**
 * Schemas come from the authors of models, so keywords that JSON Schema does not know are ignored
 * (`strict`). The schemas themselves are not validated, as that would take longer than everything
 * else.
 */
function createAjv(): Ajv {
  const { Ajv } = requirePackage<typeof import('ajv')>('ajv');
  return new Ajv({
    strict: false,
    validateSchema: false,
    addUsedSchema: false,
    logger: false,
    // Decimals such as 0.1 have no exact binary form.
    multipleOfPrecision: 9,
    // A URL, or the path of a file that becomes one; `inputFiles` checks that it exists.
    formats: { uri: /\S/ },
    code: { regExp: Object.assign(linearPattern, { code: 'linearPattern' }) },
  });
}

let ajv: Ajv | null = null;

const compiled = new WeakMap<ModelInputProperty, ValidateFunction>();

/**
 * Returns the JSON Schema validator of one input. It is compiled on first use and cached as long as
 * the schema lives.
 */
export function inputValidator(property: ModelInputProperty): ValidateFunction {
  const known = compiled.get(property);
  if (known !== undefined) return known;
  ajv ??= createAjv();
  const validator = ajv.compile(jsonSchemaOf(property));
  compiled.set(property, validator);
  return validator;
}

function jsonSchemaOf(property: ModelInputProperty): object {
  const {
    type,
    nullable = false,
    enum: choices,
    items,
    anyOf,
    default: _,
    description: __,
    isSecret: ___,
    ...limits
  } = property;
  return {
    // Beyond these an integer is rounded, so it is not the written one.
    ...(type === 'integer' ? { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER } : {}),
    ...limits,
    // Choices are enough; some documents name a different type beside them.
    ...(choices === undefined ? typeOf(type, nullable) : { enum: nullable ? [...choices, null] : choices }),
    ...(items === undefined ? {} : { items: jsonSchemaOf(items) }),
    ...(anyOf === undefined
      ? {}
      : { anyOf: [...anyOf.map(jsonSchemaOf), ...(nullable ? [{ type: 'null' }] : [])] }),
  };
}

function typeOf(type: ModelInputProperty['type'], nullable: boolean): object {
  if (type === null) return {};
  return { type: nullable ? [type, 'null'] : type };
}

/**
 * Throws one `UsageError` that lists all inputs that a model does not have, and all values that its
 * schema refuses.
 */
export function checkInputs(model: string, schema: ModelSchema, input: ModelInput): void {
  throwUsageErrors(inputFaults(model, schema, input));
}

/**
 * Returns an error for each input that the model does not have, and for each value that its schema
 * refuses.
 */
export function inputFaults(model: string, { properties }: ModelSchema, input: ModelInput): UsageError[] {
  return Object.entries(input).flatMap(([name, value]) => {
    // An input may be named `constructor`.
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined) return [unknownInput(model, name, Object.keys(properties))];
    return catchUsageError(() => checkInput(name, value, property)) ?? [];
  });
}

function unknownInput(model: string, name: string, names: readonly string[]): UsageError {
  const meant = nearestName(name, names);
  return new UsageError(`Expected an input of ${model}, got \`${name}\`; it takes ${names.join(', ')}`, {
    suggestion: meant === null ? '' : `Did you mean \`${meant}\`?`,
  });
}
