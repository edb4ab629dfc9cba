import type { RefinementSpec } from './RefinementSpec.ts';
import { readSpec } from './readSpec.ts';
import { refinementSpecSchema } from './refinementSpecSchema.ts';

/** Reads a refinement from a YAML or JSON file. Rejects with `UsageError` as `readSpec` does. */
export function readRefinementSpec(path: string): Promise<RefinementSpec> {
  return readSpec(path, refinementSpecSchema, { what: 'refinement spec' });
}
