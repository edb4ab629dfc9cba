import { describeSpecIssue, nearestName } from '../base/suggest.ts';
import { UsageError } from '../errors.ts';
import { type RenditionSpec, renditionChoices } from '../types.ts';
import { renditionFields } from './fields.ts';
import { renditionPresets } from './presets.ts';

const maxPx = 16_384;

/**
 * Parses a rendition: `NAME=WxH` or the name of a preset, then options in any order, as in
 * `thumb=320x240,inside,webp,70`, `instagram_post`, or
 * `instagram_post,attention,webp,max=200kB,overlay=logo.png`. Defaults: cover, jpeg, 85.
 * docs/renditions.md lists all options. Put a value with a comma in double quotes, and double each
 * double quote in it.
 *
 * Throws `UsageError` if an option or value is invalid.
 */
export function parseRendition(text: string): RenditionSpec {
  const [head = '', ...options] = splitQuoted(text);
  const { widthPx, heightPx, ...base } = head.includes('=') ? sized(text, head) : presetNamed(text, head);
  const fields = options.reduce((found, option) => withOption(text, found, option), {
    ...base,
    width: widthPx,
    height: heightPx,
  } as Readonly<Record<string, unknown>>);
  const result = renditionFields.safeParse(fields, { reportInput: true });
  if (result.success) return result.data;
  const [problem] = result.error.issues.flatMap((issue) => describeSpecIssue(issue, renditionFields));
  const { path = [], message = '' } = problem ?? {};
  throw new UsageError(`${path.join('.')}: ${message}, in the rendition ${JSON.stringify(text)}`);
}

function sized(text: string, head: string): RenditionSpec {
  const [, name = '', size = ''] = /^([^=]*)=(.*)$/.exec(head) ?? [];
  if (!/^[a-z][a-z0-9_-]{0,39}$/.test(name.trim())) {
    throw wrong(
      text,
      'a name of lower-case letters, digits, _ and -, beginning with a letter (at most 40)',
      name,
    );
  }
  const [, width, height] = /^\s*(\d{1,6})\s*[x×]\s*(\d{1,6})\s*$/i.exec(size) ?? [];
  const [widthPx, heightPx] = [Number(width), Number(height)];
  if (!isSize(widthPx) || !isSize(heightPx)) throw wrong(text, `a size WxH of 1 to ${maxPx} pixels`, size);
  return { name: name.trim(), widthPx, heightPx, fit: 'cover', format: 'jpeg', quality: 85 };
}

function isSize(px: number): boolean {
  return px >= 1 && px <= maxPx;
}

function presetNamed(text: string, name: string): RenditionSpec {
  const preset = Object.hasOwn(renditionPresets, name) ? renditionPresets[name] : undefined;
  if (preset !== undefined) return preset;
  const names = Object.keys(renditionPresets);
  const meant = nearestName(name, names);
  throw wrong(
    text,
    `NAME=WxH, or one of ${names.join(', ')}`,
    name,
    meant === null ? '' : `Did you mean ${meant}?`,
  );
}

function withOption(text: string, fields: Readonly<Record<string, unknown>>, option: string) {
  const changed = renditionOption(option, fields);
  if (changed !== null) return changed;
  const { fit, format, place, focus } = renditionChoices;
  const [word = ''] = option.split('=');
  const meant = nearestName(word, [...fit, ...format, ...place, ...focus, ...renditionOptionNames]);
  throw wrong(
    text,
    `a fit (${fit.join(', ')}), a format (${format.join(', ')}) or a quality of 1 to 100, a gravity (${[...place, ...focus].join(', ')}), or an option (${renditionOptionNames.join(', ')})`,
    option,
    meant === null ? '' : `Did you mean ${meant}?`,
  );
}

function wrong(text: string, expected: string, got: string, suggestion = ''): UsageError {
  return new UsageError(
    `Expected ${expected}, got ${JSON.stringify(got)} in the rendition ${JSON.stringify(text)}`,
    {
      suggestion: suggestion || 'A rendition looks like thumb=320x240,cover,webp,80 or instagram_post.',
    },
  );
}

/**
 * Splits a text at its commas and trims the parts. A comma between double quotes does not split,
 * and two double quotes there stand for one: `a,b="c, d"` gives `a` and `b=c, d`.
 */
function splitQuoted(text: string): string[] {
  const parts = text.match(/(?:"(?:[^"]|"")*"|[^,])+|(?<=,|^)(?=,|$)/g) ?? [''];
  return parts.map((part) =>
    part.trim().replace(/"((?:[^"]|"")*)"/g, (_whole, inner: string) => inner.replaceAll('""', '"')),
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** The options of the short notation, with their paths in the long one. */
const options: Readonly<
  Record<string, { readonly path: readonly [string, string?]; readonly read: Reader }>
> = {
  max: { path: ['maxBytes'], read: asText },
  background: { path: ['background'], read: asText },
  overlay: { path: ['overlay', 'file'], read: asText },
  'overlay-place': { path: ['overlay', 'place'], read: asWord },
  'overlay-scale': { path: ['overlay', 'scale'], read: asText },
  'overlay-opacity': { path: ['overlay', 'opacity'], read: asText },
  'overlay-margin': { path: ['overlay', 'margin'], read: asText },
  caption: { path: ['caption', 'text'], read: asText },
  'caption-place': { path: ['caption', 'place'], read: asWord },
  sharpen: { path: ['sharpen'], read: asNumber },
  effort: { path: ['effort'], read: asNumber },
  chroma: { path: ['chromaSubsampling'], read: asText },
  lossless: { path: ['lossless'], read: asSwitch },
  progressive: { path: ['progressive'], read: asSwitch },
  palette: { path: ['palette'], read: asSwitch },
};

/** Reads the text after the equals sign, undefined if there is none. */
type Reader = (text: string | undefined) => unknown;

/** The names of options that take a value or are switches. */
const renditionOptionNames: readonly string[] = Object.keys(options);

/**
 * Adds an option of the short notation to the fields of a rendition, without checking it: a fit, a
 * format, a gravity, a quality, or `name=value`. Returns null if there is no such option.
 */
function renditionOption(option: string, fields: Fields): Fields | null {
  const [name = '', ...rest] = option.split('=');
  const value = rest.length === 0 ? undefined : rest.join('=').trimStart();
  const word = name.trimEnd().toLowerCase();
  if (value === undefined) {
    const plain = plainWord(word);
    if (plain !== null) return { ...fields, ...plain };
  }
  if (!Object.hasOwn(options, word)) return null;
  const { path, read } = options[word] ?? { path: [''], read: asText };
  const [key, inner] = path;
  const found = read(value);
  if (inner === undefined) return { ...fields, [key]: found };
  return { ...fields, [key]: { ...(fields[key] as Fields | undefined), [inner]: found } };
}

function plainWord(word: string): Fields | null {
  const { fit, format, place, focus } = renditionChoices;
  if (fit.some((name) => name === word)) return { fit: word };
  if (word === 'jpg' || format.some((name) => name === word)) return { format: word };
  if (word === 'center' || [...place, ...focus].some((name) => name === word)) return { gravity: word };
  const [, digits] = /^q?(\d{1,3})$/.exec(word) ?? [];
  const quality = Number(digits);
  return quality >= 1 && quality <= 100 ? { quality } : null;
}

/** Returns the text, or an empty one, unchecked: `renditionFields` reports invalid values. */
function asText(text: string | undefined): string {
  return text ?? '';
}

function asWord(text: string | undefined): string {
  return asText(text).toLowerCase();
}

/** Reads a number. An option without a value gives true, which stands for its default. */
function asNumber(text: string | undefined): number | string | true {
  if (text === undefined) return true;
  return /^(?:\d*\.\d+|\d+)$/.test(text) ? Number(text) : text;
}

function asSwitch(text: string | undefined): boolean | string {
  if (text === undefined || text === 'yes') return true;
  return text === 'no' ? false : text;
}
