import type { Json } from '../types.ts';

/**
 * The files in a prediction's output, in its order: a URL, a list of URLs, or an object with URLs somewhere in it.
 * Only `https:`, `http:` and `data:` URLs count; other texts are no files.
 */
export function outputUrls(output: Json): string[] {
  if (typeof output === 'string') return /^(https?:\/\/|data:)/i.test(output) ? [output] : [];
  if (output === null || typeof output !== 'object') return [];
  return Object.values(output).flatMap((part: Json) => outputUrls(part));
}
