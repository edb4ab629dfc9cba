import { plainText } from './plainText.ts';

/** What came, as an error message shows it: in quotes, harmless for a terminal, at most 80 characters. */
export function quoted(text: string): string {
  const plain = plainText(text);
  return `'${plain.length > 80 ? `${plain.slice(0, 79)}…` : plain}'`;
}
