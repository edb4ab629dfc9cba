import { renditionChoices } from '../renditionChoices.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What an option of the short notation says, by where it goes in the long one. */
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

/** Given what stands behind the equals sign, undefined where there is none. */
type Reader = (text: string | undefined) => unknown;

/** The names of options that take a value, or are switches. */
export const renditionOptionNames: readonly string[] = Object.keys(options);

/**
 * The fields of a rendition with one more option of the short notation, not checked yet: a fit, a format, a gravity, a
 * quality, or `name=value`. Null where there is no such option.
 */
export function renditionOption(option: string, fields: Fields): Fields | null {
  const [, name = '', value] = /^([^=]*?)\s*(?:=\s*(.*))?$/s.exec(option) ?? [];
  const word = name.toLowerCase();
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

/** What is wrong with a value is for the check of the whole rendition to say. */
function asText(text: string | undefined): string {
  return text ?? '';
}

function asWord(text: string | undefined): string {
  return asText(text).toLowerCase();
}

/** Without a value: as the option's own default has it. */
function asNumber(text: string | undefined): number | string | true {
  if (text === undefined) return true;
  return /^\d*\.?\d+$/.test(text) ? Number(text) : text;
}

function asSwitch(text: string | undefined): boolean | string {
  if (text === undefined || text === 'yes') return true;
  return text === 'no' ? false : text;
}
