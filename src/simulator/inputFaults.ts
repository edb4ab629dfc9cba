import type { InputDefinition, SimulatedModel } from './SimulatedModel.ts';

/** One entry of `invalid_fields`. */
export interface InputFault {
  readonly type: string;
  readonly field: string;
  readonly description: string;
}

/** What is wrong with an input, as the service tells it; empty where nothing is. Unknown inputs are let pass, as there. */
export function inputFaults(input: Readonly<Record<string, unknown>>, model: SimulatedModel): InputFault[] {
  return Object.entries(model.inputs).flatMap(([name, definition]) => {
    const value = input[name];
    if (value === undefined) return definition.isRequired ? [missing(name)] : [];
    const description = complaint(value, definition);
    const type = definition.enum === undefined ? 'invalid_type' : 'enum';
    return description === null ? [] : [{ type, field: `input.${name}`, description }];
  });
}

function missing(name: string): InputFault {
  return { type: 'required', field: 'input', description: `${name} is required` };
}

function complaint(
  value: unknown,
  { type, enum: choices, minimum, maximum }: InputDefinition,
): string | null {
  if (choices !== undefined) {
    const isKnown = typeof value === 'string' && choices.includes(value);
    return isKnown
      ? null
      : `must be one of the following: ${choices.map((choice) => `"${choice}"`).join(', ')}`;
  }
  if (!isOfType(value, type))
    return `Invalid type. Expected: ${type === 'files' ? 'array' : type}, given: ${typeof value}`;
  if (typeof value !== 'number') return null;
  if (minimum !== undefined && value < minimum) return `Must be greater than or equal to ${minimum}`;
  if (maximum !== undefined && value > maximum) return `Must be less than or equal to ${maximum}`;
  return null;
}

function isOfType(value: unknown, type: InputDefinition['type']): boolean {
  if (type === 'files') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
