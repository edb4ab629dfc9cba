import { hash } from 'node:crypto';
import type { Json, ModelInput } from '../types.ts';

/** A `data:` URL that is longer is cut; what replaces it is always shorter. */
const LONGEST_CHARS = 1_000;
const LONGEST_TYPE_CHARS = 100;

/**
 * A value as it is kept and shown: each long `data:` URL in it becomes its type, its length and its hash, so that equal ones
 * stay equal. What has been cut already stays as it is.
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
 * An input with other texts in it: each text, also in lists, becomes what `textAt` says of its place (`image`,
 * `image_input[1]`). What stands inside of objects stays as it is.
 */
export function mapInputStrings(
  input: ModelInput,
  textAt: (place: string, text: string) => string,
): ModelInput {
  const mapped = (value: Json, place: string): Json => {
    if (typeof value === 'string') return textAt(place, value);
    if (!Array.isArray(value)) return value;
    return value.map((item: Json, index) => mapped(item, `${place}[${index}]`));
  };
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, mapped(value, name)]));
}

/** JSON with sorted keys and no white space: equal values have equal texts. */
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

/** `Array.isArray` does not narrow a readonly array away from the object. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether a text is what `truncateDataUrls` leaves of a `data:` URL: its data are not there any more. */
export function isTruncatedDataUrl(text: string): boolean {
  return /^data:[^\s,]*,… \(/i.test(text);
}
