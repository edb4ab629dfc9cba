import type { CompositionSpec } from './CompositionSpec.ts';
import { compositionSpecSchema } from './compositionSpecSchema.ts';
import { readBatchSpec } from './readBatchSpec.ts';

/** Reads a spec of compositions from a YAML or JSON file. Rejects with `UsageError` as `readBatchSpec` does. */
export function readCompositionSpec(path: string): Promise<CompositionSpec> {
  return readBatchSpec(path, compositionSpecSchema, { what: 'spec of compositions' });
}
