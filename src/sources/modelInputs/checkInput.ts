import { Ajv, type ValidateFunction } from 'ajv';
import { nearestName } from '../../base/suggest.ts';
import { UsageError } from '../../errors.ts';
import type { Json, ModelInput, ModelInputProperty, ModelSchema } from '../../types.ts';
import { catchUsageError, expectedInput, throwUsageErrors } from './describeInput.ts';
import { nearestChoice } from './nearestChoice.ts';

/** Throws `UsageError` where a value is not what the model's schema asks of this input: type, choices, range, length. */
export function checkInput(name: string, value: Json, property: ModelInputProperty): void {
  const validate = inputValidator(property);
  if (validate(value)) return;
  // Where several kinds are taken, each of them has its say; the shortest path is the value that none of them takes.
  const paths = (validate.errors ?? []).map(({ instancePath }) => instancePath);
  const [path = ''] = paths.sort((a, b) => a.length - b.length);
  const wrong = innermost({ name, value, property }, path.split('/').slice(1).map(Number));
  throw new UsageError(
    `Expected \`${wrong.name}\` to be ${expectedInput(wrong.property, wrong.value)}, got ${shown(wrong)}${hint(wrong)}`,
  );
}

interface Given {
  readonly name: string;
  readonly value: Json;
  readonly property: ModelInputProperty;
}

/** The item at these places in a list, in a list of lists, … */
function innermost({ name, value, property }: Given, places: readonly number[]): Given {
  const [place, ...rest] = places;
  if (place === undefined || !Array.isArray(value) || property.items === undefined)
    return { name, value, property };
  return innermost({ name: `${name}[${place}]`, value: value[place], property: property.items }, rest);
}

function shown({ value, property }: Given): string {
  const clipped = clip(typeof value === 'string' ? value : JSON.stringify(value));
  if (typeof value !== 'string') return clipped;
  // Among nothing but words a word needs no quotes.
  const isWord = value.trim() === value && value !== '';
  if (isWord && property.enum?.every((choice) => typeof choice === 'string')) return clipped;
  return `the text ${JSON.stringify(clipped)}`;
}

function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

function hint({ value, property }: Given): string {
  const nearest = nearestChoice(value, property.enum ?? []);
  return nearest === null ? '' : ` (did you mean ${nearest}?)`;
}

/**
 * Schemas come from the authors of models: what JSON Schema does not know in them is passed over (`strict`), and they
 * are not measured against its own rules first, which takes longer than all the rest.
 */
const ajv = new Ajv({
  strict: false,
  validateSchema: false,
  addUsedSchema: false,
  logger: false,
  // Decimals such as 0.1 are no exact fractions.
  multipleOfPrecision: 9,
  // A URL, or the path of a file that becomes one; `inputFiles` looks whether it is there.
  formats: { uri: /\S/ },
});

const compiled = new WeakMap<ModelInputProperty, ValidateFunction>();

/** The JSON Schema validator of one input; compiled when it is first asked for, and kept as long as the schema is. */
export function inputValidator(property: ModelInputProperty): ValidateFunction {
  const known = compiled.get(property);
  if (known !== undefined) return known;
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
    ...limits
  } = property;
  return {
    // Beyond these an integer is not the one that was written.
    ...(type === 'integer' ? { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER } : {}),
    ...limits,
    // Choices say all that there is to say; some documents name another type beside them.
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

/** Throws one `UsageError` that names all inputs which a model does not have, or whose values its schema refuses. */
export function checkInputs(model: string, schema: ModelSchema, input: ModelInput): void {
  throwUsageErrors(inputFaults(model, schema, input));
}

/** All that is wrong with these inputs: those that the model does not have, and those that its schema refuses. */
export function inputFaults(model: string, { properties }: ModelSchema, input: ModelInput): UsageError[] {
  return Object.entries(input).flatMap(([name, value]) => {
    // An input may be called `constructor`.
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
