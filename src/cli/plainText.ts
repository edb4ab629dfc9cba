import { stripVTControlCharacters } from 'node:util';

/**
 * A text on one line and without power over the terminal: escape sequences are removed, every run of line breaks, tabs
 * and other control characters becomes one space. Characters that turn the writing direction around go as well, since
 * they would reorder what stands beside them.
 */
export function plainText(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .trim();
}
