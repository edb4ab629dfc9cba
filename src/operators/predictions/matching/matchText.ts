import type { Json } from '../../../types.ts';
import type { Match } from './match.ts';

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

/** A text, and its forms for comparisons in which spelling does not count. */
export interface TextForms {
  readonly text: string;
  /** Without blanks at the ends, and with one way to write a letter or the end of a line. */
  readonly plain: string;
  /** Without capitals and escapes, and with single blanks. */
  readonly folded: string;
  /** Letters and digits alone: signs may be replaced by plainer ones. */
  readonly letters: string;
  /** `plain` without the mark of omission at its end. */
  readonly unmarked: string;
  /** `folded` without the last character, if that is broken: it may be cut, too. */
  readonly whole: string;
  /** The parts between marks of omission; a single one if there are none. */
  readonly parts: readonly string[];
  readonly isUrl: boolean;
  /** True if it stands for a text that is hidden. */
  readonly isHidden: boolean;
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
  return {
    text,
    plain,
    folded,
    letters,
    unmarked: withoutMark(plain),
    whole: withoutBroken(folded),
    parts: folded.split(GAPS),
    isUrl: /^(?:https?|data):\S/i.test(plain),
    isHidden: HIDDEN.test(plain),
  };
}

/**
 * Returns a text without the mark of omission at its end. Takes linear time, as a pattern does not.
 */
function withoutMark(text: string): string {
  const mark = OMISSIONS.find((one) => text.endsWith(one));
  return mark === undefined ? text : text.slice(0, -mark.length).trimEnd();
}

const OMISSIONS = ['…', '...'];

/** Returns a text without the broken characters at its end. */
function withoutBroken(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\ufffd') end -= 1;
  return text.slice(0, end);
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

/** Returns how well a text shows the sent text. */
export function matchForms(sent: TextForms, shown: TextForms): Match {
  if (sent.text === shown.text) return 'equal';
  if (sent.plain === shown.plain) return 'same';
  // The service may store a file under another address.
  const areUrls = sent.isUrl && shown.isUrl;
  if (areUrls || sent.folded === shown.folded || isCut(sent, shown)) return 'near';
  return mayBeChanged(sent, shown) ? 'faint' : 'other';
}

/** A beginning as short as this without a mark of omission proves little. */
const SHORTEST_CUT = 100;

/** Returns true if a text is the beginning of another: lists may show long texts cut. */
function isCut(sent: TextForms, { plain, unmarked }: TextForms): boolean {
  const isMarked = unmarked !== plain && unmarked !== '';
  return (isMarked || plain.length >= SHORTEST_CUT) && sent.plain.startsWith(unmarked);
}

/**
 * Returns true if a service may have made a text from another: its beginning, the same letters with
 * other signs between them, or the same with parts that are left out or hidden.
 */
function mayBeChanged(sent: TextForms, shown: TextForms): boolean {
  if (shown.letters !== '' && sent.letters.startsWith(shown.letters)) return true;
  if (sent.folded.startsWith(shown.whole)) return true;
  return shown.parts.length > 1 && hasGaps(sent.folded, shown.parts);
}

/**
 * Returns true if a text is probably another one that the sent one begins with: it is short, and
 * has no sign that anything was left out. Services cut long texts, or mark the cut.
 */
export function isShorterText(sent: TextForms, shown: TextForms): boolean {
  const { plain, unmarked, letters, parts } = shown;
  const isWhole = unmarked === plain && parts.length === 1 && shown.whole === shown.folded;
  return isWhole && letters !== sent.letters && plain.length < SHORTEST_CUT;
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
