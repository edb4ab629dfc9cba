import { damaged } from './bytesReader.ts';

/** Reads markup (XML) piece by piece, and checks only the nesting of its elements. */
export interface MarkupScanner {
  /** Takes the next piece. Throws `StructureFault` if elements are not nested. */
  push(text: string): void;
  /** The first tag, without its brackets; cut after 100,000 characters. */
  readonly root: string;
  /** Elements that have begun. */
  readonly elements: number;
  /** True if the root element is closed, and no other markup is left open. */
  readonly isClosed: boolean;
}

/** Names of open elements that are remembered. Parsers refuse documents that are deeper. */
const MOST_NAMES = 5_000;
const MOST_ROOT_CHARS = 100_000;

const NAME = /^\/?([^\s/]*)/;
/** The characters that end a tag, or begin a value in it. */
const TAG_END = /["'>]/g;
/** The characters that end a document type, or begin its inner part. */
const DOCTYPE_END = /[[>]/g;

/** The ends of sections without elements, by their beginnings. */
const OPAQUE: readonly (readonly [start: string, end: string])[] = [
  ['!--', '-->'],
  ['![CDATA[', ']]>'],
  ['?', '?>'],
];

/** Creates a scanner. Its time is linear in the text; its memory holds names of open elements. */
export function createMarkupScanner(): MarkupScanner {
  const names: string[] = [];
  let [root, elements, depth, isDone] = ['', 0, 0, false];
  /** The text at the beginning of a tag, or text that looks like the end of an opaque section. */
  let held = '';
  let quote = '';
  let last = '';

  const open = (name: string, isEmpty: boolean): void => {
    if (isDone) throw damaged('something follows its end');
    elements += 1;
    if (isEmpty) isDone = depth === 0;
    else if (names.length < MOST_NAMES && names.length === depth) names.push(name);
    if (!isEmpty) depth += 1;
  };
  const close = (name: string): void => {
    if (depth === 0) throw damaged('an element ends that has not begun');
    depth -= 1;
    if (names.length > depth && names.pop() !== name) throw damaged('its elements are not nested');
    isDone = depth === 0;
  };

  type State = (text: string, at: number) => number;
  let state: State;

  const betweenTags: State = (text, at) => {
    const start = text.indexOf('<', at);
    const end = start < 0 ? text.length : start;
    if (isDone && text.slice(at, end).trim() !== '') throw damaged('something follows its end');
    if (start < 0) return end;
    held = '';
    state = inBeginning;
    return start + 1;
  };

  const inBeginning: State = (text, at) => {
    held += text[at] ?? '';
    if (held !== '!' && held !== '?' && held.length === 1) {
      if (held === '>') throw damaged('a tag has no name');
      [quote, last] = ['', held];
      state = inTag;
      return at + 1;
    }
    const [, opaqueEnd] = OPAQUE.find(([start]) => start === held) ?? [];
    const isOpen = held === '!' || OPAQUE.some(([start]) => start.startsWith(held));
    if (opaqueEnd !== undefined) state = until(opaqueEnd);
    else if (/^![A-Za-z]/.test(held)) state = inDoctype();
    else if (!isOpen) throw damaged('a tag has no name');
    return at + 1;
  };

  const until = (end: string): State => {
    held = '';
    return (text, at) => {
      const piece = held + text.slice(at);
      const found = piece.indexOf(end);
      if (found < 0) {
        held = piece.slice(1 - end.length);
        return text.length;
      }
      const next = at - held.length + found + end.length;
      state = betweenTags;
      return next;
    };
  };

  const inDoctype = (): State => {
    let isInner = false;
    return (text, at) => {
      const found = nextOf(isInner ? ']' : DOCTYPE_END, text, at);
      if (found === text.length) return found;
      if (text[found] === '>') state = betweenTags;
      else isInner = !isInner;
      return found + 1;
    };
  };

  const inTag: State = (text, at) => {
    const found = nextOf(quote === '' ? TAG_END : quote, text, at);
    const piece = text.slice(at, found);
    hold(piece);
    if (piece !== '') last = piece.at(-1) ?? '';
    if (found === text.length) return found;
    const letter = text[found] ?? '';
    if (letter === '>' && quote === '') endTag();
    else {
      hold(letter);
      last = letter;
      quote = quote === '' ? letter : '';
    }
    return found + 1;
  };

  /** Keeps the name of a tag, and all of the first one. */
  const hold = (text: string): void => {
    const most = elements === 0 ? MOST_ROOT_CHARS : 200;
    if (held.length < most) held += text.slice(0, most - held.length);
  };

  const endTag = (): void => {
    const [, name = ''] = NAME.exec(held) ?? [];
    if (elements === 0) root = held;
    if (held.startsWith('/')) close(name);
    else open(name, last === '/');
    state = betweenTags;
  };

  state = betweenTags;
  return {
    push(text) {
      for (let at = 0; at < text.length; ) at = state(text, at);
    },
    get root() {
      return root;
    },
    get elements() {
      return elements;
    },
    get isClosed() {
      return isDone && state === betweenTags;
    },
  };
}

/** Returns the offset of the next match, from an offset on; the end of the text if none follows. */
function nextOf(sought: string | RegExp, text: string, from: number): number {
  if (typeof sought === 'string') {
    const found = text.indexOf(sought, from);
    return found < 0 ? text.length : found;
  }
  sought.lastIndex = from;
  return sought.exec(text)?.index ?? text.length;
}
