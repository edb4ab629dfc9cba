import type { Json } from '../../types.ts';

/**
 * An answer to the question if a prediction was made by a request.
 *
 * `equal`: it shows the request, value by value. `same`: it shows all that was sent, in the
 * service's own spelling, and perhaps defaults besides. `near`: model and prompt are those of the
 * request, and the rest may be, in a spelling that says less. `faint`: it may be the request, if
 * the service has hidden or changed some text of it. `other`: it is another request.
 */
export type Match = 'equal' | 'same' | 'near' | 'faint' | 'other';

/** The matches, the worst first: compare `matchRanks`. */
export const matchRanks = { other: 0, faint: 1, near: 2, same: 3, equal: 4 } as const satisfies Record<
  Match,
  number
>;

export function worse(one: Match, other: Match): Match {
  return matchRanks[one] < matchRanks[other] ? one : other;
}

/** Returns true if a match is this good, or better. */
export function isAtLeast(match: Match, least: Match): boolean {
  return matchRanks[match] >= matchRanks[least];
}

/** Returns how well a value of an input shows the one that was sent. */
export function matchValue(sent: Json, shown: Json | undefined): Match {
  if (sent === shown) return 'equal';
  // A journal hides secrets, too. Null stands for the model's default, which the service may show.
  if (sent === null || isHidden(sent) || isHidden(shown)) return 'same';
  if (shown === undefined || shown === null) return 'near';
  if (isList(sent) || isList(shown)) return matchLists(parsed(sent), parsed(shown));
  if (typeof sent === 'object' || typeof shown === 'object') return matchObjects(parsed(sent), parsed(shown));
  return matchScalars(sent, shown);
}

const HIDDEN_WORDS =
  'redacted|secret|hidden|masked|filtered|removed|omitted|private|token|password|sensitive|encrypted|confidential|censored';
const HIDDEN = new RegExp(
  `^(?:redacted|[[<({*]+ ?(?:${HIDDEN_WORDS}) ?[\\])}>*]+|[*•●█]{3,}|…|[.]{3})$`,
  'i',
);

/** Returns true for a text that stands for a hidden one: `[REDACTED]`, `<hidden>`, `***`, `…`. */
export function isHidden(shown: Json | undefined): boolean {
  return typeof shown === 'string' && HIDDEN.test(shown.trim());
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Returns the list or object that a text is the JSON of; other values unchanged. */
function parsed(value: Json): Json {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

/** A list may be shown cut, and one with a single item as that item. */
function matchLists(sent: Json, shown: Json): Match {
  if (!isList(sent) || !isList(shown)) {
    if (isList(sent) && sent.length === 1) return worse('near', matchValue(sent[0] ?? null, shown));
    if (isList(shown) && shown.length === 1) return worse('near', matchValue(sent, shown[0]));
    return typeof sent === 'string' || typeof shown === 'string' ? 'faint' : 'other';
  }
  if (shown.length > sent.length) return 'other';
  const whole = sent.length === shown.length ? 'equal' : 'near';
  return shown.map((value, at) => matchValue(sent[at] ?? null, value)).reduce(worse, whole);
}

function matchObjects(sent: Json, shown: Json): Match {
  if (!isObject(sent) || !isObject(shown)) {
    return typeof sent === 'string' || typeof shown === 'string' ? 'faint' : 'other';
  }
  const matches = Object.entries(sent).map(([name, value]) => matchValue(value, shown[name]));
  return matches.reduce(worse, isSameSize(sent, shown) ? 'equal' : 'same');
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !isList(value);
}

export function isSameSize(one: object, other: object): boolean {
  return Object.keys(one).length === Object.keys(other).length;
}

type Scalar = string | number | boolean;

function matchScalars(sent: Scalar, shown: Scalar): Match {
  if (typeof sent === 'string' && typeof shown === 'string') {
    const match = matchForms(formsOf(sent), formsOf(shown));
    // It may be a secret that the service shows in a way of its own.
    return match === 'other' ? 'faint' : match;
  }
  if (typeof sent === 'number' && typeof shown === 'number') return matchNumbers(sent, shown);
  const match = matchWrittenOut(sent, shown);
  return match === 'other' && typeof sent === 'string' && isWord(sent) ? 'faint' : match;
}

/** Compares scalars of two types: a service may write numbers and switches as texts. */
function matchWrittenOut(sent: Scalar, shown: Scalar): Match {
  if (typeof sent === 'boolean' || typeof shown === 'boolean') {
    const truth = truthOf(sent);
    return truth !== null && truth === truthOf(shown) ? 'same' : 'other';
  }
  return worse('same', matchNumbers(numberOf(sent), numberOf(shown)));
}

/** Returns true for a text that is neither a number nor a switch. */
function isWord(text: string): boolean {
  return truthOf(text) === null && Number.isNaN(numberOf(text));
}

function truthOf(value: Scalar): boolean | null {
  const text = String(value).trim().toLowerCase();
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : null;
}

function numberOf(value: Scalar): number {
  const text = String(value).trim();
  return text === '' ? Number.NaN : Number(text);
}

/** Relative difference of a number that went through some text. */
const ROUNDING = 1e-6;

function matchNumbers(sent: number, shown: number): Match {
  if (sent === shown) return 'equal';
  if (Number.isNaN(sent) || Number.isNaN(shown)) return 'other';
  // Seeds are whole numbers: a neighbour is another request, so one of 32 bits proves nothing.
  if (Number.isInteger(sent)) return shown === Math.fround(sent) || shown === (sent | 0) ? 'near' : 'other';
  const isRounded = Math.abs(sent - shown) <= ROUNDING * Math.abs(sent);
  if (isRounded || Math.fround(sent) === Math.fround(shown)) return 'same';
  const isShorter = [0, 1, 2, 3, 4].some((decimals) => Number(sent.toFixed(decimals)) === shown);
  return isShorter || Math.trunc(sent) === shown ? 'near' : 'other';
}

/** A text, and what is left of it if spelling does not count. */
export interface TextForms {
  readonly text: string;
  /** Without blanks at the ends, and with one way to write a letter or the end of a line. */
  readonly plain: string;
  /** Without capitals and escapes, and with single blanks. */
  readonly folded: string;
  /** Letters and digits alone: signs may be replaced by plainer ones. */
  readonly letters: string;
  /** The parts between marks of omission; a single one if there are none. */
  readonly parts: readonly string[];
}

const ENTITIES = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi;
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};
const SIGNS = /\p{M}|[^\p{L}\p{N}]/gu;
/** Marks of omission, broken characters, and words in brackets: these may stand for any text. */
const GAPS = /…|\ufffd+|\.{3}|[*•●█]{3,}|\[[^[\]]*\]|<[^<>]*>/;

/** Prepares a text for being compared with many others. */
export function formsOf(text: string): TextForms {
  const plain = text.toWellFormed().normalize('NFC').replace(/\r\n?/g, '\n').trim();
  // Some letters have several capitals: a service that makes capitals takes the same way.
  const folded = unescaped(plain)
    .normalize('NFKC')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\s+/g, ' ')
    .trim();
  const letters = folded.replace(SIGNS, '');
  return { text, plain, folded, letters, parts: folded.split(GAPS) };
}

/** Replaces the entities of HTML by their characters. */
function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(ENTITIES, (entity, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? entity;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
  });
}

/** Returns how well a text shows the one that was sent. */
export function matchForms(sent: TextForms, shown: TextForms): Match {
  if (sent.text === shown.text) return 'equal';
  if (sent.plain === shown.plain) return 'same';
  const isRespelled = sent.folded === shown.folded || isCut(sent.plain, shown.plain);
  if (isRespelled || (isUrl(sent.plain) && isUrl(shown.plain))) return 'near';
  return mayBeChanged(sent, shown) ? 'faint' : 'other';
}

/** The service may store a file under another address. */
function isUrl(text: string): boolean {
  return /^(?:https?|data):\S/i.test(text);
}

/** Marks at the end of a text that is cut. */
const OMISSIONS = ['…', '...'];

/** A beginning as short as this without a mark of omission says little. */
const SHORTEST_CUT = 100;

/** Returns true if a text is the beginning of another: lists may show long texts cut. */
function isCut(whole: string, shown: string): boolean {
  const mark = OMISSIONS.find((one) => shown.endsWith(one)) ?? '';
  const beginning = mark === '' ? shown : shown.slice(0, -mark.length).trimEnd();
  const isMarked = beginning !== shown && beginning !== '';
  return (isMarked || shown.length >= SHORTEST_CUT) && whole.startsWith(beginning);
}

/**
 * Returns true if a text may be what a service has made of another: its beginning, the same letters
 * with other signs between them, or the same with parts that are left out or hidden.
 */
function mayBeChanged(sent: TextForms, shown: TextForms): boolean {
  if (shown.letters !== '' && sent.letters.startsWith(shown.letters)) return true;
  // The last character may be cut, too.
  let end = shown.folded.length;
  while (shown.folded[end - 1] === '\ufffd') end -= 1;
  const beginning = shown.folded.slice(0, end);
  return sent.folded.startsWith(beginning) || hasGaps(sent.folded, shown.parts);
}

/** Returns true if a text consists of these parts, with any text between them. */
function hasGaps(whole: string, [beginning = '', ...others]: readonly string[]): boolean {
  const end = others.pop();
  if (end === undefined || !whole.startsWith(beginning) || !whole.endsWith(end)) return false;
  if ([beginning, end, ...others].every((part) => part.trim() === '')) return false;
  let at = beginning.length;
  for (const part of others) {
    const found = whole.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + end.length <= whole.length;
}
