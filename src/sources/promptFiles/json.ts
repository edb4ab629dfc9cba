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
  const lines = countLines();
  const parser = createParser((found) => values.push(found), lines);
  let openChars = 0;
  let isBegun = false;
  for await (const text of readText(file)) {
    const bytes = Buffer.from(text);
    lines.add(bytes);
    isBegun = isBegun || beginsArray(file.path, text);
    const fault = faultIn(() => parser.write(bytes), lines);
    openChars = values.length > 0 ? 0 : openChars + text.length;
    for (const { value, line, twice } of values) {
      yield twice === null ? rowFromValue(line, value) : { type: 'problem', line, message: keyTwice(twice) };
    }
    values = [];
    if (fault !== null) return yield { type: 'problem', line: lines.current, message: fault };
    if (openChars > maxRowChars) return yield { type: 'problem', line: lines.current, message: tooLong };
  }
  const fault = faultIn(() => isBegun && !parser.isEnded && parser.end(), lines);
  if (fault !== null) yield { type: 'problem', line: lines.current, message: fault };
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
  /** The line on which it begins. */
  readonly line: number;
  /** A key that it has twice, of which the value has one; null if there is none. */
  readonly twice: string | null;
}

/** Counts the lines of a file whose bytes come in parts. */
interface LineCounter {
  add(bytes: Uint8Array): void;
  /** Goes on to an offset, in bytes from the start of the file, and returns its line. */
  goTo(offset: number): number;
  /** The line of the last offset. */
  readonly current: number;
}

const LINE_FEED = 10;

function countLines(): LineCounter {
  /** Offsets of line feeds; those before `next` are passed. */
  let feeds: number[] = [];
  let next = 0;
  let added = 0;
  let current = 1;
  return {
    add(bytes) {
      feeds = feeds.slice(next);
      next = 0;
      for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
        feeds.push(added + at);
      }
      added += bytes.length;
    },
    goTo(offset) {
      for (; (feeds[next] ?? offset) < offset; next += 1) current += 1;
      return current;
    },
    get current() {
      return current;
    },
  };
}

/** Creates a parser that passes each item of an array on. */
function createParser(onItem: (item: Item) => void, lines: LineCounter): Tokenizer {
  const tokenizer = new ExactTokenizer();
  const parser = new TokenParser({ paths: ['$.*'], keepStack: false });
  const keys = watchKeys();
  let depth = 0;
  let line = 1;
  parser.onValue = ({ value }) => onItem({ value, line, twice: keys.take() });
  parser.onError = (error) => tokenizer.error(error);
  parser.onEnd = () => {
    if (!tokenizer.isEnded) tokenizer.end();
  };
  tokenizer.onToken = (token) => {
    keys.see(token);
    const here = lines.goTo(token.offset);
    if (depth === 1 && token.token !== TokenType.COMMA && !isClosing(token)) line = here;
    if (isClosing(token)) depth -= 1;
    if (token.token === TokenType.LEFT_BRACE || token.token === TokenType.LEFT_BRACKET) depth += 1;
    parser.write(token);
  };
  tokenizer.onEnd = () => {
    if (!parser.isEnded) parser.end();
  };
  return tokenizer;
}

type Token = Pick<Parameters<TokenParser['write']>[0], 'token' | 'value'>;

function isClosing({ token }: Token): boolean {
  return token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET;
}

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

function faultIn(step: () => unknown, lines: LineCounter): string | null {
  try {
    step();
    return null;
  } catch (error) {
    const message = messageOf(error);
    const [, position] = /absolute position "(\d+)"/.exec(message) ?? [];
    if (position !== undefined) lines.goTo(Number(position));
    return `Invalid JSON: ${jsonFault(message)}`;
  }
}
