import { Tokenizer, TokenParser, TokenType } from '@streamparser/json';
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
  let values: Item[] = [];
  const parser = createParser((found) => values.push(found));
  let item = 1;
  let openChars = 0;
  let isBegun = false;
  for await (const text of readText(file)) {
    isBegun = isBegun || beginsArray(file.path, text);
    const fault = faultIn(() => isBegun && parser.write(text));
    openChars = values.length > 0 ? 0 : openChars + text.length;
    for (const { value, twice } of values) {
      yield twice === null
        ? rowFromValue(item, value)
        : { type: 'problem', line: item, message: keyTwice(twice) };
      item += 1;
    }
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

/** An item of the list. */
interface Item {
  readonly value: unknown;
  /** A key that it has twice, of which the value has one; null if there is none. */
  readonly twice: string | null;
}

/** Creates a parser that passes each item of an array on. */
function createParser(onItem: (item: Item) => void): Tokenizer {
  const tokenizer = new ExactTokenizer();
  const parser = new TokenParser({ paths: ['$.*'], keepStack: false });
  const keys = watchKeys();
  parser.onValue = ({ value }) => onItem({ value, twice: keys.take() });
  parser.onError = (error) => tokenizer.error(error);
  parser.onEnd = () => {
    if (!tokenizer.isEnded) tokenizer.end();
  };
  tokenizer.onToken = (token) => {
    keys.see(token);
    parser.write(token);
  };
  tokenizer.onEnd = () => {
    if (!parser.isEnded) parser.end();
  };
  return tokenizer;
}

type Token = Pick<Parameters<TokenParser['write']>[0], 'token' | 'value'>;

/** Follows tokens, and finds a key that an object has twice: parsers take its last value. */
function watchKeys() {
  /** The keys of each object that is open; null for a list. */
  const open: (Set<unknown> | null)[] = [];
  let isKeyNext = false;
  let twice: string | null = null;
  const note = (key: unknown, keys: Set<unknown> | null): void => {
    if (keys?.has(key)) twice ??= String(key);
    keys?.add(key);
  };
  const see = ({ token, value }: Token): void => {
    const keys = open.at(-1) ?? null;
    if (isKeyNext && token === TokenType.STRING) note(value, keys);
    if (token === TokenType.LEFT_BRACE) open.push(new Set());
    if (token === TokenType.LEFT_BRACKET) open.push(null);
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) open.pop();
    isKeyNext = token === TokenType.LEFT_BRACE || (token === TokenType.COMMA && keys !== null);
  };
  const take = (): string | null => {
    const found = twice;
    twice = null;
    return found;
  };
  return { see, take };
}

/** Returns a key that an object in a JSON text has twice; null if there is none. */
export function keyOfTwo(text: string): string | null {
  const keys = watchKeys();
  const tokenizer = new Tokenizer();
  tokenizer.onToken = keys.see;
  tokenizer.write(text);
  return keys.take();
}

/** Describes a key that an object has twice. */
export function keyTwice(key: string): string {
  return `Expected one value for \`${key}\`, got two: rename or remove one`;
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
