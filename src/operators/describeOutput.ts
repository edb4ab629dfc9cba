import type { Json } from '../types.ts';

const MOST_CHARS = 200;
const MOST_NAMES = 10;

/** What a prediction has put out where files were expected, in a few words. */
export function describeOutput(output: Json): string {
  if (output === null) return 'nothing';
  if (typeof output === 'string') return `the text ${quoted(output)}`;
  if (typeof output !== 'object') return `the value ${output}`;
  if (!Array.isArray(output)) return `an object without files: ${listed(Object.keys(output))}`;
  if (output.length === 0) return 'an empty list';
  // Models that stream a text put it out piece by piece.
  const isText = output.every((part: Json) => typeof part === 'string');
  return isText ? `the text ${quoted(output.join(''))}` : `a list of ${output.length} values without files`;
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS)}…`);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'it is empty';
  return `${names.slice(0, MOST_NAMES).join(', ')}${names.length > MOST_NAMES ? ', …' : ''}`;
}
