import type { ModelInput, ModelSchema } from '../types.ts';
import { inputFaults } from './inputFaults.ts';
import { throwFaults } from './throwFaults.ts';

/** Throws one `UsageError` that names all inputs which a model does not have, or whose values its schema refuses. */
export function checkInputs(model: string, schema: ModelSchema, input: ModelInput): void {
  throwFaults(inputFaults(model, schema, input));
}
