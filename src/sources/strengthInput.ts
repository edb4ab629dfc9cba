import { UsageError } from '../errors.ts';
import type { ModelSchema } from '../types.ts';

/** How makers call it: 0 leaves the picture as it is, 1 takes nothing of it. */
const names = ['prompt_strength', 'strength', 'denoising_strength'];

/** The input by which a model is told how far it may go from the picture. Throws `UsageError` where the schema has none. */
export function strengthInput(schema: ModelSchema | null): string {
  const name = names.find((known) => schema?.properties[known] !== undefined);
  if (name !== undefined) return name;
  throw new UsageError(`strength: Expected a model with one of ${names.join(', ')}, got one without`, {
    suggestion: 'Leave strength: out, or choose black-forest-labs/flux-dev, say.',
  });
}
