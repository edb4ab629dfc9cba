/** What the codes of the parser mean for people who write prompts. */
const hints: ReadonlyMap<string, string> = new Map([
  ['DUPLICATE_KEY', 'a key stands there twice'],
  ['BAD_ALIAS', 'a text that begins with * or & stands in quotes'],
  ['BLOCK_AS_IMPLICIT_KEY', 'a text that has a colon and a space stands in quotes'],
]);

/**
 * Returns what the parser says of a mistake in a line, and what to do if the reason is a usual one.
 */
export function yamlFault(code: string, message: string, line: string): string {
  if (code === 'MULTIPLE_DOCS') return 'there are several documents; remove the lines with ---';
  const hint = hintFor(code, message, line);
  return hint === '' ? message : `${message}: ${hint}`;
}

function hintFor(code: string, message: string, line: string): string {
  if (/^ *\t/.test(line)) return 'the line begins with a tab; indent it with spaces';
  if (/^ *[\u00A0\u2000-\u200B\u202F\u3000]/.test(line))
    return 'the line begins with other spaces than those of the keyboard';
  const [, before, braces] = /^(.*?(?::|-) +)(\{[^{}]*\}.*)$/.exec(line) ?? [];
  if (message === 'Unexpected scalar at node end' && braces !== undefined)
    return `put a text with braces in quotes: ${before?.trim()} ${JSON.stringify(braces.trim())}`;
  if (message.startsWith('Plain value cannot start with')) return 'put the text in quotes';
  return hints.get(code) ?? '';
}
