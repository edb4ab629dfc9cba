import { Tokenizer, TokenParser } from '@streamparser/json';
import { messageOf } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import { exactNumber } from '../modelInputs/exactNumbers.ts';
import { jsonFault } from './jsonFaults.ts';
import { type RowItem, rowFromValue } from './rows.ts';
import { maxRowChars, readText, type TextFile } from './text.ts';

/**
 * Reads the rows of a `.json` file: one array of texts or objects, item by item. Stops at broken
 * JSON.
 */
export async function* jsonRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  let values: unknown[] = [];
  const parser = createParser((value) => values.push(value));
  let item = 1;
  let openChars = 0;
  let isBegun = false;
  for await (const text of readText(file)) {
    isBegun = isBegun || beginsArray(file.path, text);
    const fault = faultIn(() => isBegun && parser.write(text));
    openChars = values.length > 0 ? 0 : openChars + text.length;
    for (const value of values) yield rowFromValue(item++, value);
    values = [];
    if (fault !== null) return yield { type: 'problem', line: item, message: fault };
    if (openChars > maxRowChars) return yield { type: 'problem', line: item, message: tooLong };
  }
  const fault = faultIn(() => isBegun && !parser.isEnded && parser.end());
  if (fault !== null) yield { type: 'problem', line: item, message: fault };
}

/** A tokenizer that makes the text of its digits of a number which would not be exact. */
class ExactTokenizer extends Tokenizer {
  protected override parseNumber(source: string): number {
    const value = exactNumber(super.parseNumber(source), source);
    // The parser behind takes the value as it is.
    return value as number;
  }
}

/** Creates a parser that passes each item of an array on. */
function createParser(onItem: (value: unknown) => void): Tokenizer {
  const tokenizer = new ExactTokenizer();
  const parser = new TokenParser({ paths: ['$.*'], keepStack: false });
  parser.onValue = ({ value }) => onItem(value);
  parser.onError = (error) => tokenizer.error(error);
  parser.onEnd = () => {
    if (!tokenizer.isEnded) tokenizer.end();
  };
  tokenizer.onToken = (token) => parser.write(token);
  tokenizer.onEnd = () => {
    if (!parser.isEnded) parser.end();
  };
  return tokenizer;
}

const tooLong = `Expected an item of at most ${maxRowChars} characters, got a longer one`;

/**
 * Returns false as long as a file has only white space; throws `UsageError` if it does not begin
 * with an array.
 */
function beginsArray(path: string, text: string): boolean {
  const first = text.trimStart().charAt(0);
  if (first === '' || first === '[') return first === '[';
  throw new UsageError(`${path}: Expected a JSON array of texts or objects, got ${first}…`, {
    suggestion:
      first === '/'
        ? 'Remove the comments: JSON has none.'
        : 'Put [ and ] around the prompts. If each line is a JSON value of its own, name the file .jsonl.',
  });
}

function faultIn(step: () => unknown): string | null {
  try {
    step();
    return null;
  } catch (error) {
    return `Invalid JSON: ${jsonFault(messageOf(error))}`;
  }
}
