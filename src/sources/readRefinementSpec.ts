import type { RefinementSpec } from './RefinementSpec.ts';
import { readBatchSpec } from './readBatchSpec.ts';
import { refinementSpecSchema } from './refinementSpecSchema.ts';

/** Reads a refinement from a YAML or JSON file. Rejects with `UsageError` as `readBatchSpec` does. */
export function readRefinementSpec(path: string): Promise<RefinementSpec> {
  return readBatchSpec(path, refinementSpecSchema, { what: 'refinement spec' });
}
