import { inspect } from 'node:util';
import { InvalidRowsError, RxposureError } from '../errors.ts';
import { plainText } from './plainText.ts';

const MOST_ROWS = 20;
/** What a message lists: each point is indented, on a line of its own. */
const POINT = /\n {2}(?=\S)/;

/**
 * An error as the user reads it: one line that says what is wrong, and one that says what to do about it. What it
 * lists comes one a line, and so do wrong rows of an input. An error that is not one of ours is a fault in the program: its stack is shown where
 * `isDebug`, which adds it to the others as well.
 */
export function errorLines(error: unknown, { isDebug }: { isDebug: boolean }): string[] {
  const stack = isDebug ? inspect(error, { depth: 5 }).split('\n') : [];
  if (!(error instanceof RxposureError)) {
    const hint = isDebug ? [] : ['hint: Set RXPOSURE_DEBUG=1 for the stack.'];
    return [`error: unexpected ${plainText(String(error))}`, ...hint, ...stack];
  }
  const hint = error.suggestion === '' ? [] : [`hint: ${plainText(error.suggestion)}`];
  const [first = '', ...points] = error.message.split(POINT);
  const listed = points.map((point) => `  ${plainText(point)}`);
  return [`error: ${plainText(first)}`, ...listed, ...rowLines(error), ...hint, ...stack];
}

function rowLines(error: RxposureError): string[] {
  if (!(error instanceof InvalidRowsError)) return [];
  const rows = error.problems.slice(0, MOST_ROWS);
  const source = sourceOf(error);
  const hidden = error.count - rows.length;
  return [
    ...rows.map(({ line, message }) => `  ${source}:${line}: ${plainText(message)}`),
    ...(hidden > 0 ? [`  … and ${hidden} more`] : []),
  ];
}

/** The file's name stands at the front of the message: `prompts.csv: 3 rows are wrong`. */
function sourceOf({ message }: InvalidRowsError): string {
  return plainText(message.replace(/: \d+ rows? (is|are) wrong$/, ''));
}
