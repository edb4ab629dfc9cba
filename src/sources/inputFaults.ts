import { UsageError } from '../errors.ts';
import type { ModelInput, ModelSchema } from '../types.ts';
import { checkInput } from './checkInput.ts';
import { nearestName } from './nearestName.ts';
import { usageFault } from './usageFault.ts';

/** All that is wrong with these inputs: those that the model does not have, and those that its schema refuses. */
export function inputFaults(model: string, { properties }: ModelSchema, input: ModelInput): UsageError[] {
  return Object.entries(input).flatMap(([name, value]) => {
    // An input may be called `constructor`.
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined) return [unknownInput(model, name, Object.keys(properties))];
    return usageFault(() => checkInput(name, value, property)) ?? [];
  });
}

function unknownInput(model: string, name: string, names: readonly string[]): UsageError {
  const meant = nearestName(name, names);
  return new UsageError(`Expected an input of ${model}, got \`${name}\`; it takes ${names.join(', ')}`, {
    suggestion: meant === null ? '' : `Did you mean \`${meant}\`?`,
  });
}
