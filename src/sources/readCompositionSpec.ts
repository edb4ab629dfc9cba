import type { CompositionSpec } from './CompositionSpec.ts';
import { compositionSpecSchema } from './compositionSpecSchema.ts';
import { readSpec } from './readSpec.ts';

/** Reads a spec of compositions from a YAML or JSON file. Rejects with `UsageError` as `readSpec` does. */
export function readCompositionSpec(path: string): Promise<CompositionSpec> {
  return readSpec(path, compositionSpecSchema, { what: 'spec of compositions' });
}
