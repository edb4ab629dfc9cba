import { hash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../base/modelInput.ts';
import { describeSpecIssue } from '../base/suggest.ts';
import { withoutStop } from '../base/text.ts';
import { storedName } from '../disk/insideFolder.ts';
import { UsageError } from '../errors.ts';
import { type Json, type RenditionSpec, renditionChoices } from '../types.ts';
import { platformFields, type RenditionFields, renditionFields } from './fields.ts';
import { parseRendition } from './notation.ts';

/**
 * Returns the first rendition of each name, as a name must be unique among the renditions of an
 * image.
 */
export function distinctRenditions(specs: readonly RenditionSpec[]): RenditionSpec[] {
  return specs.filter((spec, index) => specs.findIndex(({ name }) => name === spec.name) === index);
}

/** Throws `UsageError` if two renditions have one name: their files would have the same one too. */
export function expectDistinctNames(specs: readonly RenditionSpec[]): void {
  const double = specs.find(({ name }, index) => specs.findIndex((each) => each.name === name) < index);
  if (double === undefined) return;
  throw new UsageError(`Expected renditions with different names, got ${JSON.stringify(double.name)} twice`, {
    suggestion: 'Give each rendition a name of its own, such as small=100x100.',
  });
}

/**
 * Returns the part of the renditions that belongs to a spec's fingerprint: the shape, which the
 * model is asked for, and the file. Other options (gravity, caption, encoding) change no request,
 * so you can resume a run folder with different ones.
 */
export function renditionFrames(specs: readonly RenditionSpec[]): readonly RenditionSpec[] {
  return specs.map(({ name, widthPx, heightPx, fit, format, quality }) => {
    return { name, widthPx, heightPx, fit, format, quality };
  });
}

/** Enough of a sha256 to distinguish the settings of renditions. */
const RECIPE_CHARS = 16;

/** Returns a hash of the settings of a rendition; an overlay counts by its path. */
export function recipeOf(spec: RenditionSpec): string {
  const settings: Json = JSON.parse(JSON.stringify(spec));
  return hash('sha256', canonicalJson(settings), 'hex').slice(0, RECIPE_CHARS);
}

const renditionText = z.string().transform((value, context): RenditionSpec => {
  try {
    return parseRendition(value);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.addIssue({
      code: 'custom',
      message: `${withoutStop(error.message)}. ${error.suggestion}`.trim(),
    });
    return z.NEVER;
  }
});

/**
 * The schema of a rendition in a spec: keys and values, or a text as on the command line. The
 * parser's error becomes the message of the problem.
 */
export const specRendition = z.union([renditionText, renditionFields]);

/** The schema of a platform in a campaign: a rendition, and words if it has keys and values. */
export const specPlatform = z.union([renditionText, platformFields]);

/**
 * Reads a rendition as programs give it: a text as on the command line, the fields of a spec, or a
 * `RenditionSpec`. `path` names it in the message of the `UsageError` that an invalid one throws.
 */
export function readRendition(given: string | RenditionSpec | RenditionFields, path: string): RenditionSpec {
  if (typeof given === 'string') return parseRendition(given);
  const read = renditionFields.safeParse(asFields(given), { reportInput: true });
  if (read.success) return read.data;
  const faults = read.error.issues.flatMap((issue) => describeSpecIssue(issue, renditionFields, [path]));
  const lines = faults.map((fault) => `  ${fault.path.join('.')}: ${fault.message}`);
  throw new UsageError(`A rendition is wrong:\n${lines.join('\n')}`);
}

/** Returns the fields of a spec. A key that is undefined is absent. */
function asFields(given: RenditionSpec | RenditionFields): unknown {
  if (typeof given !== 'object' || given === null) return given;
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  if (!('widthPx' in present)) return present;
  const { widthPx: width, heightPx: height, ...others } = present;
  return { ...others, width, height };
}

/**
 * The schema of a rendition in stored files. Parsing throws `UsageError` if its name would lead out
 * of a folder. Missing fields have the default of the encoder or renderer.
 */
export const renditionSchema = z.object({
  name: storedName,
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
