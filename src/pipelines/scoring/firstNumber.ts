import type { Json } from '../../types.ts';

/**
 * The first number in an output: the output itself, in its text ("I give it 7.5 of 10"), in a text that comes in pieces, or the
 * first in a list or an object. Null where there is none.
 */
export function firstNumber(output: Json): number | null {
  if (typeof output === 'number') return output;
  if (typeof output === 'string') return numberIn(output);
  if (typeof output !== 'object' || output === null) return null;
  const parts: readonly Json[] = Object.values(output);
  // A model that writes gives its text in pieces, and a piece may end in the middle of a number.
  if (Array.isArray(output) && parts.every((part) => typeof part === 'string'))
    return numberIn(parts.join(''));
  for (const part of parts) {
    const found = firstNumber(part);
    if (found !== null) return found;
  }
  return null;
}

function numberIn(text: string): number | null {
  const [found] = /(?<![\w.-])-?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?/i.exec(text) ?? [];
  return found === undefined ? null : Number(found);
}
