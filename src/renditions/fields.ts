import { z } from 'zod';
import { requirePackage } from '../disk/storageError.ts';
import {
  type RenditionCaption,
  type RenditionOverlay,
  type RenditionSpec,
  renditionChoices,
} from '../types.ts';
import { renditionPresets } from './presets.ts';
import { renditionFaults } from './renditionFaults.ts';

/**
 * Creates the schema of a fraction: a number of 0 to 1, or a text with a percent sign (`0.2`,
 * `20%`).
 */
function fraction(least: number, most: number) {
  const expected = `Expected a number of ${least} to ${most}, or ${least * 100}% to ${most * 100}%`;
  return z.union([z.number(), z.string()], { error: expected }).transform((value, context): number => {
    const part = typeof value === 'number' ? value : textPart(value);
    if (part >= least && part <= most) return part;
    context.addIssue({ code: 'custom', message: `${expected}, got ${JSON.stringify(value)}` });
    return z.NEVER;
  });
}

/** Reads a fraction; NaN if the text is none. */
function textPart(text: string): number {
  const [, digits, percent] = /^\s*(\d*\.\d+|\d+)\s*(?:(%)\s*)?$/.exec(text) ?? [];
  return Number(digits) / (percent === undefined ? 1 : 100);
}

/** The schema of a text in a spec that must not be empty. */
export const specText = z.string().trim().min(1, 'Expected a text, got an empty one');

const bytesOf = { b: 1, kb: 1_000, mb: 1_000_000, kib: 1_024, mib: 1_048_576 } as const;
const expected = 'Expected bytes, 200000 or 200kB, from 1 to 1 GB';

/**
 * The schema of a size: a number of bytes, or a text with a unit (`200kB`, `1.5 MB`, `512 KiB`).
 */
const byteCount = z
  .union([z.number(), z.string()], { error: expected })
  .transform((value, context): number => {
    const bytes = typeof value === 'number' ? value : textBytes(value);
    if (Number.isInteger(bytes) && bytes >= 1 && bytes <= 1_000_000_000) return bytes;
    context.addIssue({ code: 'custom', message: `${expected}, got ${JSON.stringify(value)}` });
    return z.NEVER;
  });

/** Reads a number of bytes; NaN if the text is none. */
function textBytes(text: string): number {
  const [, digits, unit = 'b'] = /^\s*(\d+(?:\.\d+)?)\s*(?:([kKmM]?i?[bB])\s*)?$/.exec(text) ?? [];
  const factor = Object.entries(bytesOf).find(([name]) => name === unit.toLowerCase())?.[1];
  return digits === undefined || factor === undefined ? Number.NaN : Math.round(Number(digits) * factor);
}

const sizePx = z.int().min(1).max(16_384);

const gravity = z.preprocess((word) => (word === 'center' ? 'centre' : word), z.enum(renditionChoices.place));

const colour = z.string().transform((text, context): string => {
  const { formatHex, parse } = requirePackage<typeof import('culori')>('culori');
  const found = parse(text.trim().toLowerCase());
  if (found !== undefined && (found.alpha ?? 1) === 1) return formatHex(found);
  context.addIssue({
    code: 'custom',
    message: `Expected an opaque colour such as #ff6600 or white, got ${JSON.stringify(text)}`,
  });
  return z.NEVER;
});

const overlay = z.strictObject({
  file: z.string('Expected the path of an image').trim().min(1, 'Expected the path of an image'),
  place: gravity.default('southeast'),
  scale: fraction(0.001, 1).default(0.2),
  opacity: fraction(0, 1).default(1),
  margin: fraction(0, 0.4).default(0.03),
});

const sharpenRange = 'Expected true or a number of 0.3 to 10';

const caption = z.union([
  specText.transform((text) => ({ text, place: 'south' as const })),
  z.strictObject({ text: specText, place: z.enum(renditionChoices.captionPlace).default('south') }),
]);

/** A rendition as a spec has it, with keys and values; see `RenditionSpec` for their meaning. */
export interface RenditionFields
  extends Pick<
    RenditionSpec,
    'gravity' | 'background' | 'effort' | 'lossless' | 'chromaSubsampling' | 'progressive' | 'palette'
  > {
  /** The name of a preset brings its size. */
  readonly name: string;
  /** In pixels. Default: that of the preset. */
  readonly width?: number;
  /** In pixels. Default: that of the preset. */
  readonly height?: number;
  /** Default `cover`. */
  readonly fit?: RenditionSpec['fit'];
  /** Default `jpeg`. */
  readonly format?: RenditionSpec['format'] | 'jpg';
  /** Default 85. */
  readonly quality?: number;
  /** Bytes, or a text with a unit: `200kB`. */
  readonly maxBytes?: number | string;
  /** Numbers of 0 to 1, or texts with a percent sign: `20%`. */
  readonly overlay?: Pick<RenditionOverlay, 'file'> & {
    readonly [Name in Exclude<keyof RenditionOverlay, 'file'>]?: RenditionOverlay[Name] | string;
  };
  /** A text, at the bottom, or with its place. */
  readonly caption?: string | RenditionCaption;
  /** True for 0.8. */
  readonly sharpen?: number | true;
}

const fields = {
  name: z
    .string()
    .regex(
      /^[a-z][a-z0-9_-]{0,39}$/,
      'Expected lower-case letters, digits, _ and -, beginning with a letter',
    ),
  width: sizePx.exactOptional(),
  height: sizePx.exactOptional(),
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
    .union([z.literal(true).transform(() => 0.8), z.number().min(0.3, sharpenRange).max(10, sharpenRange)], {
      error: sharpenRange,
    })
    .exactOptional(),
  effort: z.int().min(0).max(10).exactOptional(),
  lossless: z.boolean().exactOptional(),
  chromaSubsampling: z.enum(renditionChoices.chromaSubsampling).exactOptional(),
  progressive: z.boolean().exactOptional(),
  palette: z.boolean().exactOptional(),
};

/** A rendition, with words for the prompts of its images. */
export interface PlatformRendition extends RenditionSpec {
  /** Default: none. */
  readonly prompt?: string;
}

/** A rendition as it is written, with its defaults. */
export interface WrittenRendition extends Omit<PlatformRendition, 'widthPx' | 'heightPx'> {
  readonly width?: number;
  readonly height?: number;
}

/** Completes the schema of a rendition: its size, and options that fit together. */
function complete(written: z.ZodType<WrittenRendition>) {
  return written
    .refine(hasSize('width'), { path: ['width'], error: noSize, when: isMapping })
    .refine(hasSize('height'), { path: ['height'], error: noSize, when: isMapping })
    .transform(({ width, height, ...rest }): PlatformRendition => {
      const { widthPx = 0, heightPx = 0 } = presetOf(rest.name) ?? {};
      return { ...rest, widthPx: width ?? widthPx, heightPx: height ?? heightPx };
    })
    .superRefine((spec, context) => {
      for (const { key, message } of renditionFaults(spec)) {
        context.addIssue({ code: 'custom', path: [key], message });
      }
    });
}

const noSize = 'Expected a number of pixels, got nothing; only a preset brings its own';

function hasSize(side: 'width' | 'height'): (written: WrittenRendition) => boolean {
  return (written) => written[side] !== undefined || presetOf(written.name) !== undefined;
}

/** Sizes are checked even if other fields are wrong. */
function isMapping({ value }: z.core.ParsePayload): boolean {
  return typeof value === 'object' && value !== null;
}

function presetOf(name: string): RenditionSpec | undefined {
  return Object.hasOwn(renditionPresets, name) ? renditionPresets[name] : undefined;
}

/**
 * The schema of a rendition with keys and values, as in specs. Optional keys that are missing stay
 * missing.
 */
export const renditionFields = complete(z.strictObject(fields));

/** The same with words for the prompts of its images, as platforms of a campaign have them. */
export const platformFields = complete(z.strictObject({ ...fields, prompt: specText.exactOptional() }));
