import { UsageError } from '../errors.ts';
import type { ModelInput, ModelSchema } from '../types.ts';
import { checkInput } from './checkInput.ts';
import { nearestName } from './nearestName.ts';

/** Throws `UsageError` where a model does not have one of these inputs, or its schema refuses the value. */
export function checkInputs(model: string, { properties }: ModelSchema, input: ModelInput): void {
  for (const [name, value] of Object.entries(input)) {
    // An input may be called `constructor`.
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined) throw unknownInput(model, name, Object.keys(properties));
    checkInput(name, value, property);
  }
}

function unknownInput(model: string, name: string, names: readonly string[]): UsageError {
  const meant = nearestName(name, names);
  return new UsageError(`Expected an input of ${model}, got \`${name}\`; it takes ${names.join(', ')}`, {
    suggestion: meant === null ? '' : `Did you mean \`${meant}\`?`,
  });
}
