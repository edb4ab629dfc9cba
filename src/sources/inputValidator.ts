import { Ajv, type ValidateFunction } from 'ajv';
import type { ModelInputProperty } from '../types.ts';

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
