import { hash } from 'node:crypto';
import type { InputFiles, Json, ModelInput, PredictionRequest } from '../types.ts';

/** Longer `data:` URLs are truncated. The replacement is always shorter than this. */
const LONGEST_CHARS = 1_000;
const LONGEST_TYPE_CHARS = 100;

/**
 * Shortens a value for storage and display: replaces each long `data:` URL in it by its type,
 * length and hash, so that identical URLs stay identical. URLs that are truncated already stay
 * unchanged.
 */
export function truncateDataUrls<T extends Json>(value: T): T;
export function truncateDataUrls(value: Json): Json {
  if (typeof value === 'string') return isLongData(value) ? cut(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => truncateDataUrls(item));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, truncateDataUrls(part)]));
}

function isLongData(text: string): boolean {
  return text.length > LONGEST_CHARS && /^data:/i.test(text);
}

function cut(url: string): string {
  const [type = ''] = url.slice(0, LONGEST_TYPE_CHARS).split(',');
  return `${type},… (${url.length} characters, sha256 ${hash('sha256', url, 'hex')})`;
}

/**
 * Copies an input with each of its strings, those in lists too, replaced by the result of
 * `replace`, which gets the string and its path (`image`, `image_input[1]`). Strings inside objects
 * stay unchanged.
 */
export function mapInputStrings(
  input: ModelInput,
  replace: (path: string, text: string) => string,
): ModelInput {
  const mapped = (value: Json, path: string): Json => {
    if (typeof value === 'string') return replace(path, value);
    if (!Array.isArray(value)) return value;
    return value.map((item: Json, index) => mapped(item, `${path}[${index}]`));
  };
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, mapped(value, name)]));
}

/**
 * Returns the identity of a request: the sha256 (64 hex digits) of its canonical JSON. Identical
 * requests have equal keys. A file counts by its content, not by its name or the URL of its upload.
 */
export function requestKey(request: PredictionRequest & { readonly files?: InputFiles }): string {
  const { model, version = null, files } = request;
  const input = files === undefined ? request.input : byContent(request.input, files);
  return hash('sha256', canonicalJson({ model, version, input }), 'hex');
}

function byContent(input: ModelInput, files: InputFiles): ModelInput {
  return mapInputStrings(input, (path, text) => {
    const file = files[path];
    return file === undefined ? text : `sha256:${file.identity ?? file.sha256}`;
  });
}

/** Writes JSON with sorted keys and no white space, so that equal values give equal strings. */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let members = '';
  for (const name of Object.keys(value).sort()) {
    const member = value[name];
    if (member === undefined) continue;
    members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

/** Narrows to a readonly array, which `Array.isArray` cannot distinguish from the object. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Returns true for a `data:` URL that `truncateDataUrls` has truncated: its data is gone. */
export function isTruncatedDataUrl(text: string): boolean {
  return /^data:[^\s,]*,… \(/i.test(text);
}

/** Returns the number of images that an input asks for; 1 if it names none. */
export function imagesAskedFor({ num_outputs, max_images, number_of_images }: ModelInput): number {
  const asked = Number(num_outputs ?? max_images ?? number_of_images ?? 1);
  return Number.isInteger(asked) && asked >= 1 ? asked : 1;
}
