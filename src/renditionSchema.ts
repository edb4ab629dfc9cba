import { z } from 'zod';
import { renditionChoices } from './renditionChoices.ts';

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
