import type { CompareSpec } from './CompareSpec.ts';
import { compareSpecSchema } from './compareSpecSchema.ts';
import { readBatchSpec } from './readBatchSpec.ts';

/** Reads a comparison's spec from a YAML or JSON file. Rejects with `UsageError` as `readBatchSpec` does. */
export function readCompareSpec(path: string): Promise<CompareSpec> {
  return readBatchSpec(path, compareSpecSchema, { what: 'comparison spec' });
}
