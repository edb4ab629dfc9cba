import { UsageError } from '../errors.ts';
import { checkInputs } from './checkInputs.ts';
import type { JobContext } from './JobContext.ts';

/**
 * Throws `UsageError` where the settings of a run cannot be right for its model: no `prompt` input, an extra input
 * that the model does not have or that its schema refuses, a count or limit that is no number of things.
 */
export function checkJobContext(context: JobContext): void {
  const { model, schema, input, count, seed, limit } = context;
  expectInteger('count', count, 1);
  if (limit !== undefined) expectInteger('limit', limit, 1);
  if (typeof seed === 'number') expectInteger('seed', seed, 0);
  if (schema === null) return;
  const names = Object.keys(schema.properties);
  if (schema.properties.prompt === undefined) {
    throw new UsageError(
      `Expected a model that takes a prompt, got ${model}, which takes ${names.join(', ')}`,
    );
  }
  checkInputs(model, schema, input);
}

function expectInteger(name: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new UsageError(`Expected \`${name}\` to be an integer of ${minimum} or more, got ${value}`);
}
