import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { RenditionSpec } from '../types.ts';
import { parseRendition } from './parseRendition.ts';

/** A rendition of a spec, as text; what the parser says becomes the problem's message. */
export const specRendition = z.string().transform((value, context): RenditionSpec => {
  try {
    return parseRendition(value);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.addIssue({ code: 'custom', message: `${error.message}. ${error.suggestion}`.trim() });
    return z.NEVER;
  }
});
