import type { InputDefinition, SimulatedModel } from './SimulatedModel.ts';

/** One entry of `invalid_fields`. */
export interface InputFault {
  /** A kind of the service's JSON Schema validator: `required`, `enum`, `invalid_type`, `number_gte`, … */
  readonly type: string;
  /** Empty for the top level, `input` for a missing input, `input.<name>` for a bad value. */
  readonly field: string;
  readonly description: string;
}

/** What is wrong with an input, as the service tells it; empty where nothing is. Unknown inputs are let pass, as there. */
export function inputFaults(input: Readonly<Record<string, unknown>>, model: SimulatedModel): InputFault[] {
  return Object.entries(model.inputs).flatMap(([name, definition]) => {
    const value = input[name];
    if (value !== undefined) return valueFaults(value, definition, `input.${name}`);
    return definition.isRequired
      ? [{ type: 'required', field: 'input', description: `${name} is required` }]
      : [];
  });
}

function valueFaults(value: unknown, definition: InputDefinition, field: string): InputFault[] {
  const { type, enum: choices, minimum, maximum, format } = definition;
  const fault = (kind: string, description: string) => [{ type: kind, field, description }];
  if (choices !== undefined && !(typeof value === 'string' && choices.includes(value))) {
    const list = choices.map((word) => `"${word}"`).join(', ');
    return fault('enum', `${field.replace('input.', '')} must be one of the following: ${list}`);
  }
  if (!isOfType(value, type)) {
    const expected = type === 'files' ? 'array' : type;
    return fault('invalid_type', `Invalid type. Expected: ${expected}, given: ${typeName(value)}`);
  }
  if (typeof value === 'number' && minimum !== undefined && value < minimum) {
    return fault('number_gte', `Must be greater than or equal to ${minimum}`);
  }
  if (typeof value === 'number' && maximum !== undefined && value > maximum) {
    return fault('number_lte', `Must be less than or equal to ${maximum}`);
  }
  const urls = type === 'files' && Array.isArray(value) ? value : [value];
  const areFiles = format === 'uri' || type === 'files';
  if (areFiles && !urls.every((url) => URL.canParse(String(url)))) {
    return fault('format', "Does not match format 'uri'");
  }
  return [];
}

function isOfType(value: unknown, type: InputDefinition['type']): boolean {
  if (type === 'files') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
