import { formatHex, parse } from 'culori';
import { z } from 'zod';
import { renditionChoices } from '../renditionChoices.ts';
import type { RenditionSpec } from '../types.ts';
import { byteCount } from './byteCount.ts';
import { partOfOne } from './partOfOne.ts';
import { renditionFaults } from './renditionFaults.ts';
import { specText } from './specText.ts';

const sizePx = z.int().min(1).max(16_384);

const place = z.preprocess((word) => (word === 'center' ? 'centre' : word), z.enum(renditionChoices.place));

const colour = z.string().transform((text, context): string => {
  const found = parse(text.trim().toLowerCase());
  if (found !== undefined && (found.alpha ?? 1) === 1) return formatHex(found);
  context.addIssue({
    code: 'custom',
    message: `Expected an opaque colour such as #ff6600 or white, got ${JSON.stringify(text)}`,
  });
  return z.NEVER;
});

const overlay = z.strictObject({
  file: z.string('Expected the path of a picture').trim().min(1, 'Expected the path of a picture'),
  place: place.default('southeast'),
  scale: partOfOne(0.001, 1).default(0.2),
  opacity: partOfOne(0, 1).default(1),
  margin: partOfOne(0, 0.4).default(0.03),
});

const sharpenRange = 'Expected true or a number of 0.3 to 10';

const caption = z.union([
  specText.transform((text) => ({ text, place: 'south' as const })),
  z.strictObject({ text: specText, place: z.enum(renditionChoices.captionPlace).default('south') }),
]);

/** A rendition with keys and values, as specs may write it. Keys that are left out stay out. */
export const renditionFields = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[a-z][a-z0-9_-]{0,39}$/,
        'Expected lower-case letters, digits, _ and -, beginning with a letter',
      ),
    width: sizePx,
    height: sizePx,
    fit: z.enum(renditionChoices.fit).default('cover'),
    format: z
      .preprocess((word) => (word === 'jpg' ? 'jpeg' : word), z.enum(renditionChoices.format))
      .default('jpeg'),
    quality: z.int().min(1).max(100).default(85),
    gravity: z
      .preprocess(
        (word) => (word === 'center' ? 'centre' : word),
        z.enum([...renditionChoices.place, ...renditionChoices.focus]),
      )
      .exactOptional(),
    maxBytes: byteCount.exactOptional(),
    background: colour.exactOptional(),
    overlay: overlay.exactOptional(),
    caption: caption.exactOptional(),
    sharpen: z
      .union(
        [z.literal(true).transform(() => 0.8), z.number().min(0.3, sharpenRange).max(10, sharpenRange)],
        {
          error: sharpenRange,
        },
      )
      .exactOptional(),
    effort: z.int().min(0).max(10).exactOptional(),
    lossless: z.boolean().exactOptional(),
    chromaSubsampling: z.enum(renditionChoices.chromaSubsampling).exactOptional(),
    progressive: z.boolean().exactOptional(),
    palette: z.boolean().exactOptional(),
  })
  .transform(({ width, height, ...rest }): RenditionSpec => ({ ...rest, widthPx: width, heightPx: height }))
  .superRefine((spec, context) => {
    for (const { key, message } of renditionFaults(spec)) {
      context.addIssue({ code: 'custom', path: [key], message });
    }
  });
