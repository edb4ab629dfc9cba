import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { type RenditionSpec, renditionChoices } from '../types.ts';
import { renditionFields } from './fields.ts';
import { parseRendition } from './notation.ts';

/** The first of each name: renditions of one picture are told apart by name. */
export function distinctRenditions(specs: readonly RenditionSpec[]): RenditionSpec[] {
  return specs.filter((spec, place) => specs.findIndex(({ name }) => name === spec.name) === place);
}

/**
 * What of renditions has always been part of a spec's fingerprint: the shape, which a model is asked for, and the file. How they
 * are cut, captioned or encoded changes no request, so a run folder may go on with other choices.
 */
export function renditionFrames(specs: readonly RenditionSpec[]): readonly RenditionSpec[] {
  return specs.map(({ name, widthPx, heightPx, fit, format, quality }) => {
    return { name, widthPx, heightPx, fit, format, quality };
  });
}

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

/** A rendition as it is kept in files. Fields that are not there have the encoder's or the renderer's default. */
export const renditionSchema = z.object({
  name: z.string(),
  widthPx: z.int(),
  heightPx: z.int(),
  fit: z.enum(renditionChoices.fit),
  format: z.enum(renditionChoices.format),
  quality: z.int(),
  gravity: z.enum([...renditionChoices.place, ...renditionChoices.focus]).exactOptional(),
  maxBytes: z.int().exactOptional(),
  background: z.string().exactOptional(),
  overlay: z
    .object({
      file: z.string(),
      place: z.enum(renditionChoices.place),
      scale: z.number(),
      opacity: z.number(),
      margin: z.number(),
    })
    .exactOptional(),
  caption: z.object({ text: z.string(), place: z.enum(renditionChoices.captionPlace) }).exactOptional(),
  sharpen: z.number().exactOptional(),
  effort: z.int().exactOptional(),
  lossless: z.boolean().exactOptional(),
  chromaSubsampling: z.enum(renditionChoices.chromaSubsampling).exactOptional(),
  progressive: z.boolean().exactOptional(),
  palette: z.boolean().exactOptional(),
});
