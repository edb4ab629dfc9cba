import type { Json } from '../../types.ts';
import { exactNumber } from './exactNumbers.ts';

/** Words for true and false, as programs for tables write them in the language of a country. */
const TRUE_WORDS = new Set(
  'true 1 yes wahr ja vrai oui verdadero sí vero sì verdadeiro sim waar sant sand sann tosi prawda pravda doğru истина'.split(
    ' ',
  ),
);
const FALSE_WORDS = new Set(
  'false 0 no falsch nein faux non falso não onwaar falskt falsk usann epätosi fałsz nepravda yanlış ложь'.split(
    ' ',
  ),
);

/** Reads true or false, in any letter case and some languages; null if a text is neither. */
export function readBoolean(text: string): boolean | null {
  const word = text.trim().toLowerCase();
  if (TRUE_WORDS.has(word)) return true;
  return FALSE_WORDS.has(word) ? false : null;
}

/**
 * Reads a number; a comma may stand for the decimal point where it cannot separate thousands: `3,5`
 * and `0,125` are numbers, `1,234` is none. Null if a text is no number, a whole one that cannot be
 * held exactly, or one that a spreadsheet has rounded.
 */
export function readNumber(text: string): number | null {
  const plain = text.trim();
  if (isShortened(plain)) return null;
  const pointed = /^[-+]?(?:\d+,\d{1,2}|\d+,\d{4,}|0+,\d+)$/.test(plain) ? plain.replace(',', '.') : plain;
  if (!/^[-+]?(\d+(?:\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(pointed)) return null;
  const value = exactNumber(Number(pointed), pointed);
  return typeof value === 'number' ? value : null;
}

/**
 * Returns true for a whole number of 12 digits or more as spreadsheets show it, and save it as CSV:
 * `1.23457E+11` has lost its last digits.
 */
function isShortened(text: string): boolean {
  const [, exponent = '0'] = /^[-+]?\d[.,]\d+E\+(\d{2,3})$/.exec(text) ?? [];
  return Number(exponent) >= 11;
}

/**
 * Returns the choice of which a spreadsheet has made a time: `16:09` or `16:09:00` is `16:9`. Null
 * if a text is none, or if it is a choice itself.
 */
export function choiceOfTime(text: string, choices: readonly Json[]): string | null {
  const [, hours, minutes] = /^\s*(\d{1,2}):(\d{2})(?::00)?\s*$/.exec(text) ?? [];
  if (hours === undefined || choices.includes(text)) return null;
  const ratio = `${Number(hours)}:${Number(minutes)}`;
  return choices.includes(ratio) ? ratio : null;
}

/** Names the fault of a text that nearly is a number; empty if nothing is known. */
export function numberHint(text: string): string {
  const plain = text.trim();
  if (isShortened(plain)) {
    return ', of which a spreadsheet has cut the last digits: give the column the format of text, or of a number without decimals';
  }
  if (/^[-+]?\d{1,3}(?:[.,'’\s]\d{3})+$/.test(plain)) return ': write it without signs between the thousands';
  return '';
}

/** Invisible characters at both ends: marks of direction, joiners, spaces of no width. */
const MARKS_AT_ENDS =
  /^[\s\u200B-\u200F\u202A-\u202E\u2060\u2066-\u2069]+|[\s\u200B-\u200F\u202A-\u202E\u2060\u2066-\u2069]+$/g;

/**
 * Returns a text without the blanks around it, and without the invisible characters there that
 * pages and programs put into copied text: Windows begins the path of a file with one.
 */
export function cellText(value: string): string {
  const text = value.trim();
  // Few texts have them, so the expression does not have to read all.
  return mayBeMark(text.charCodeAt(0)) || mayBeMark(text.charCodeAt(text.length - 1))
    ? text.replace(MARKS_AT_ENDS, '')
    : text;
}

function mayBeMark(code: number): boolean {
  return code >= 0x200b && code <= 0x2069;
}
