import { z } from 'zod';
import type { ImageFile } from '../types.ts';

/** A file as it is written down on disk. */
export const imageFileSchema = z.object({
  path: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  format: z.string(),
  widthPx: z.number().nullable(),
  heightPx: z.number().nullable(),
  untouched: z.object({ path: z.string(), bytes: z.number(), sha256: z.string() }).exactOptional(),
}) satisfies z.ZodType<ImageFile>;
