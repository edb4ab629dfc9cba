/**
 * The parts of a text between its commas, without the spaces around them. A comma between double quotes is part of the text,
 * and two double quotes there are one: `a,b="c, d"` has the parts `a` and `b=c, d`.
 */
export function splitQuoted(text: string): string[] {
  const parts = text.match(/(?:"(?:[^"]|"")*"|[^,])+|(?<=,|^)(?=,|$)/g) ?? [''];
  return parts.map((part) =>
    part.trim().replace(/"((?:[^"]|"")*)"/g, (_whole, inner: string) => inner.replaceAll('""', '"')),
  );
}
