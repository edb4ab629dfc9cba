import { hash } from 'node:crypto';
import type { Json } from './types.ts';

/** A `data:` URL that is longer is cut; what replaces it is always shorter. */
const LONGEST_CHARS = 1_000;
const LONGEST_TYPE_CHARS = 100;

/**
 * A value as it is kept and shown: each long `data:` URL in it becomes its type, its length and its hash, so that equal ones
 * stay equal. What has been cut already stays as it is.
 */
export function withoutLongData<T extends Json>(value: T): T;
export function withoutLongData(value: Json): Json {
  if (typeof value === 'string') return isLongData(value) ? cut(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => withoutLongData(item));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutLongData(part)]));
}

function isLongData(text: string): boolean {
  return text.length > LONGEST_CHARS && /^data:/i.test(text);
}

function cut(url: string): string {
  const [type = ''] = url.slice(0, LONGEST_TYPE_CHARS).split(',');
  return `${type},… (${url.length} characters, sha256 ${hash('sha256', url, 'hex')})`;
}
