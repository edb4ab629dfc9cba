const damage = /[\0\uFFFD]/;

/**
 * What is wrong with a text as text, or null. Files are decoded leniently, so bytes that are not UTF-8 show up as
 * U+FFFD: reading goes on, and every damaged row can be named.
 */
export function textDamage(text: string): string | null {
  const found = damage.exec(text)?.[0];
  if (found === undefined) return null;
  return found === '\0'
    ? 'Expected text, got a NUL byte: this is not a text file'
    : 'Expected UTF-8 text, got bytes that are not UTF-8: save the file as UTF-8';
}
