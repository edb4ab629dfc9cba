import { plainText } from './plainText.ts';

/** More than any window shows. */
const MOST_CHARS = 400;

/** The beginning of a prompt, as one plain line. */
export function beginningOf(prompt: string): string {
  return plainText(prompt.slice(0, MOST_CHARS));
}
