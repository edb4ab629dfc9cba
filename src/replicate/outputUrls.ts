import type { Json } from '../types.ts';

/**
 * The files in a prediction's output, in its order: a URL, a list of URLs, or an object with URLs somewhere in it.
 * Only `https:`, `http:` and `data:` URLs count; other texts, also those that only begin like one, are no files.
 */
export function outputUrls(output: Json): string[] {
  if (typeof output === 'string') return isUrl(output) ? [output] : [];
  if (output === null || typeof output !== 'object') return [];
  return Object.values(output).flatMap((part: Json) => outputUrls(part));
}

/** A data URL may be very long, so only its beginning is looked at. */
function isUrl(text: string): boolean {
  return /^data:[^\s,]*,/i.test(text) || /^https?:\/\/\S+$/i.test(text);
}
