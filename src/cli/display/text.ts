import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { flagsAlone } from '../../errors.ts';

/**
 * Makes a text safe for a terminal, on one line: removes escape sequences, and turns every run of
 * line breaks, tabs and other control characters into one space. Removes characters that change the
 * writing direction as well, since they would reorder the text around them, and the names that
 * options have in code.
 */
export function plainText(text: string): string {
  return stripVTControlCharacters(flagsAlone(text))
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .trim();
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Returns how many columns of a terminal a plain text without escape sequences takes. */
export function displayWidth(text: string): number {
  // Printable ASCII, the usual case, needs no segmenting.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return stringWidth(text);
}

/** Formats a time: `0.4s`, `45s`, `1m 52s`, `2h 05m`, `3d 04h`. */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1_000).toFixed(1).replace(/\.0$/, '')}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${twoDigits(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours}h ${twoDigits(minutes % 60)}m`
    : `${Math.floor(hours / 24)}d ${twoDigits(hours % 24)}h`;
}

function twoDigits(count: number): string {
  return String(count).padStart(2, '0');
}

/**
 * Cuts a plain text to at most `columns` of a terminal, with an ellipsis at the cut. Never cuts a
 * visible character in two, so the result may be a column short.
 */
export function shorten(text: string, columns: number): string {
  if (columns < 1) return '';
  // Few visible characters have more than a few code units, so the far end need not be measured.
  if (text.length <= columns * 8 && displayWidth(text) <= columns) return text;
  // Printable ASCII, the usual case, needs no segmenting.
  const head = text.slice(0, columns - 1);
  if (/^[\x20-\x7e]*$/.test(head) && /^[\x20-\x7e]?$/.test(text.charAt(columns - 1)))
    return `${head.trimEnd()}…`;
  let kept = '';
  let width = 0;
  for (const { segment } of segmenter.segment(text.slice(0, columns * 8))) {
    const wider = width + displayWidth(segment);
    if (wider > columns - 1) break;
    kept += segment;
    width = wider;
  }
  return `${kept.trimEnd()}…`;
}

/** More than any window shows. */
const MOST_CHARS = 400;

/** Returns the beginning of a prompt, as one plain line. */
export function promptPreview(prompt: string): string {
  return plainText(prompt.slice(0, MOST_CHARS));
}

/** Returns the number of a job, counted from 1 like its file names: `#1`. */
export function jobName(index: number): string {
  return `#${index + 1}`;
}

/** Returns a count with its noun: `1 retry`, `2 retries`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Quotes a text for an error message: safe for a terminal, at most 80 characters. */
export function quoted(text: string): string {
  const plain = plainText(text);
  return `'${plain.length > 80 ? `${plain.slice(0, 79)}…` : plain}'`;
}

/**
 * Aligns rows in columns as wide as their widest text: the first `texts` of them to the left, the
 * others, figures, to the right.
 */
export function columns(rows: readonly (readonly string[])[], texts = 1): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const fitted = (text: string, column: number): string => {
    const width = widths[column] ?? 0;
    return column < texts ? text.padEnd(width) : text.padStart(width);
  };
  return rows.map((row) => row.map(fitted).join('  '));
}
