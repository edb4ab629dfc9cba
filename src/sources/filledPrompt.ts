/** A template with its words in place, in one pass, so that braces inside a word stay what they are. */
export function filledPrompt(template: string, words: Readonly<Record<string, string>>): string {
  return template
    .replace(/\{\{|\}\}|\{(\w+)\}/g, (whole, name: string | undefined) =>
      name === undefined ? whole.slice(1) : (words[name] ?? whole),
    )
    .trim();
}
