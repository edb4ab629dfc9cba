const ELLIPSIS = '…';

/**
 * Breaks a text into at most `maxLines` lines of at most `maxEms` ems of a common sans-serif font.
 * Breaks words that are longer than a line, and ends a text that does not fit with an ellipsis.
 */
export function wrapText(text: string, maxEms: number, maxLines: number): string[] {
  const words = text
    .split(/\s+/)
    .filter((word) => word !== '')
    .flatMap((word) => pieces(word, maxEms));
  const lines: string[] = [];
  for (const [index, word] of words.entries()) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && widthEms(longer) <= maxEms) {
      lines[lines.length - 1] = longer;
    } else if (lines.length < maxLines) {
      lines.push(word);
    } else {
      return [...lines.slice(0, -1), ended(`${last ?? ''} ${words[index] ?? ''}`, maxEms)];
    }
  }
  return lines;
}

/** Shortens a line so that it fits with an ellipsis at its end. */
function ended(line: string, maxEms: number): string {
  const [first = ''] = pieces(line, Math.max(1, maxEms - widthEms(ELLIPSIS)));
  return `${first.trimEnd()}${ELLIPSIS}`;
}

function pieces(word: string, maxEms: number): string[] {
  const found: string[] = [];
  let piece = '';
  let ems = 0;
  for (const letter of word) {
    const letterEms = widthEms(letter);
    if (piece !== '' && ems + letterEms > maxEms) {
      found.push(piece);
      piece = '';
      ems = 0;
    }
    piece += letter;
    ems += letterEms;
  }
  return [...found, piece];
}

/** Estimates the width generously, as the fonts of the machine are not known. */
function widthEms(text: string): number {
  let ems = 0;
  for (const letter of text) ems += letterEms(letter);
  return ems;
}

function letterEms(letter: string): number {
  if (/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Extended_Pictographic}]/u.test(letter))
    return 1.1;
  if (/[mwMW@%]/.test(letter)) return 0.95;
  if (/[iljtfr.,:;'!|()[\]\s-]/.test(letter)) return 0.4;
  return /\p{Lu}/u.test(letter) ? 0.75 : 0.62;
}

/** Returns dollars as whole millionths: sums of fractions drift, sums of these do not. */
export function toMicroUsd(usd: number): number {
  return Math.round(usd * 1_000_000);
}

/**
 * Formats millionths of a US dollar: `$0.025`, `$12.50`. Writes at least two decimals and no
 * trailing zeros after them.
 */
export function formatUsd(microUsd: number): string {
  const decimals = (microUsd / 1_000_000).toFixed(6);
  return `$${decimals.replace(/0{1,4}$/, '')}`;
}

/**
 * Escapes a text for an SVG element or attribute. Characters that XML does not allow become spaces.
 */
export function escapeXml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** An SVG attribute with fonts that most machines have. */
export const sheetFont = `font-family="Inter, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"`;

/** Truncates a text to at most `maxBytes` bytes of UTF-8, without cutting a code point in two. */
export function cutToBytes(text: string, maxBytes: number): string {
  // A UTF-16 unit is at most 3 bytes, so most texts need no counting.
  if (text.length * 3 <= maxBytes) return text;
  let bytes = 0;
  let end = 0;
  for (const letter of text) {
    bytes += Buffer.byteLength(letter);
    if (bytes > maxBytes) return text.slice(0, end);
    end += letter.length;
  }
  return text;
}

/** Removes the full stop at the end of a text, so that the text fits into a sentence. */
export function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}

/** Returns the message of a thrown value, an error or anything else. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

const units = [
  ['year', 365 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** Returns a time in its largest unit that suits, for messages: `31 years`, `90 seconds`. */
export function inWords(ms: number): string {
  const [name, unitMs] = units.find(([, size]) => ms >= 2 * size) ?? ['second', 1_000];
  const count = Math.round(ms / unitMs);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** Returns the day of a moment by the clock of this machine: `2026-11-28`. */
export function dayOf(ms: number): string {
  const date = new Date(ms);
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0'));
  return `${date.getFullYear()}-${month}-${day}`;
}

const MOST_SHOWN = 100;

/** Returns true for the content of a file: a Buffer, another view of bytes, or a Blob. */
export function isBytes(value: unknown): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Blob;
}

/**
 * Shows a value that was given where another kind is expected, for a message: a text in quotes, an
 * object by the names of its fields alone, as their values may be secret.
 */
export function shown(value: unknown): string {
  if (isBytes(value)) return 'bytes';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return cutShort(JSON.stringify(value));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return shownList(value);
  const names = Object.keys(value);
  return names.length === 0 ? 'an object without fields' : cutShort(`an object with ${names.join(', ')}`);
}

function shownList(values: readonly unknown[]): string {
  const isPlain = values.every((value) => typeof value !== 'object' || value === null);
  return isPlain ? cutShort(`[${values.map(shown).join(', ')}]`) : `a list of ${values.length}`;
}

function cutShort(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}
