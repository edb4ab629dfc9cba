import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { RenditionSpec } from '../types.ts';
import { parseRendition } from './parseRendition.ts';
import { renditionFields } from './renditionFields.ts';

/** A rendition of a spec: a text as on the command line, what the parser says becomes the problem's message, or keys and values. */
export const specRendition = z.union([
  z.string().transform((value, context): RenditionSpec => {
    try {
      return parseRendition(value);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: 'custom', message: `${error.message}. ${error.suggestion}`.trim() });
      return z.NEVER;
    }
  }),
  renditionFields,
]);
