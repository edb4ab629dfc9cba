import { dirname } from 'node:path';
import type { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { RenditionSpec } from '../types.ts';
import { readableOverlays } from './readableOverlays.ts';
import { type ReadSpecConfig, readSpec } from './readSpec.ts';

/** The lists of renditions that a spec may have. */
interface WithRenditions {
  readonly renditions: readonly RenditionSpec[];
  readonly platforms?: readonly RenditionSpec[];
}

/**
 * Reads a spec of a batch from a YAML or JSON file. The overlays of its renditions are found from the file's folder, and are
 * pictures. Rejects with `UsageError` as `readSpec` and `readableOverlays` do.
 */
export async function readBatchSpec<T extends WithRenditions>(
  path: string,
  schema: z.ZodType<T>,
  config: ReadSpecConfig,
): Promise<T> {
  const spec = await readSpec(path, schema, config);
  const placed = (specs: readonly RenditionSpec[]) =>
    readableOverlays(specs, dirname(path)).catch((error: unknown) => {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${path}: ${error.message}`, { suggestion: error.suggestion, cause: error });
    });
  const renditions = await placed(spec.renditions);
  if (spec.platforms === undefined) return { ...spec, renditions };
  return { ...spec, renditions, platforms: await placed(spec.platforms) };
}
