import { hideSecrets } from '../../base/secretInputs.ts';
import type { ModelInput, ModelSchema, SecretInputs } from '../../types.ts';
import { tidyFileInputs } from '../modelInputs/inputFiles.ts';

/**
 * Returns a whole input as a job has it: without blanks around URLs and paths, and with its secrets
 * apart. Give it a seed afterwards, so that seeds do not depend on secrets.
 */
export function jobInput(
  input: ModelInput,
  schema: ModelSchema | null,
): { readonly input: ModelInput; readonly secrets?: SecretInputs } {
  return hideSecrets(tidyFileInputs(input, schema), schema);
}
