import type { ModelInputProperty } from '../types.ts';

/** Whether an input may be given a file, or a list of them. */
export function takesFile({ format, enum: choices, items, anyOf }: ModelInputProperty): boolean {
  if (anyOf !== undefined) return anyOf.some(takesFile);
  if (items !== undefined) return takesFile(items);
  return format === 'uri' && choices === undefined;
}
