import { createOccurrences } from '../../base/items/occurrences.ts';
import { cutToBytes } from '../../base/text.ts';

const maxWords = 6;
const maxBytes = 60;
/** Enough for six words of any sane length; prompts may have a million characters. */
const readChars = 600;

/**
 * Makes a short file name from a prompt: its first six words, lower-case, joined by `-`. Latin
 * letters lose their accents, other scripts keep their letters. A prompt without letters and digits
 * becomes `image`.
 *
 *     A Café at Night, in the rain of 1920  ->  a-cafe-at-night-in-the
 *     夜の海                                 ->  夜の海
 */
export function slug(prompt: string): string {
  const words = folded(prompt.slice(0, readChars)).match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu) ?? [];
  const joined = words.slice(0, maxWords).join('-');
  return cutToBytes(joined, maxBytes).replace(/-+$/, '') || 'image';
}

/** Marks that choose the look of a letter or emoji; they cannot be seen in a name. */
const INVISIBLE = /[\p{Variation_Selector}\p{Me}]/gu;

/** Removes accents from Latin letters only; in other scripts such marks are vowels. */
function folded(text: string): string {
  return text
    .replace(INVISIBLE, '')
    .normalize('NFKD')
    .replace(/(\p{Script=Latin})\p{M}+/gu, '$1')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[ßæœøłđþðı]/g, (letter) => latin[letter] ?? letter)
    .replace(/(?<=\p{L})['’](?=\p{L})/gu, '');
}

/** Latin letters that Unicode does not decompose. */
const latin: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  þ: 'th',
  ð: 'd',
  ı: 'i',
};

const maxSegmentBytes = 80;

/**
 * Turns a text into one folder or file name that is valid on Linux, macOS and Windows: no
 * separators, control or reserved characters, no device name of Windows, at most 80 bytes. Never
 * empty, never `.` or `..`.
 *
 * Points stay only between digits (`flux-1.1`), so that no name has, or is cut down to, an
 * extension. `--` becomes `-`, as `--` separates a job's name from the suffixes that a run appends.
 */
export function safeSegment(text: string, maxBytes = maxSegmentBytes): string {
  const name = text
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(/\p{C}/gu, ' ')
    .replace(/[<>:"/\\|?*]/g, '-')
    .replace(/(?<!\d)\.|\.(?!\d)/g, '_')
    .replace(/[\s\p{Z}]+/gu, ' ')
    .replace(/-{2,}/g, '-');
  const cut = cutToBytes(name.trim(), maxBytes).replace(/[\s.]+$/, '');
  if (cut === '') return 'none';
  return isDevice(cut) ? `${cutToBytes(cut, maxBytes - 1)}_` : cut;
}

/** Returns true for a name that Windows reserves for devices, with or without an extension. */
function isDevice(name: string): boolean {
  return /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i.test(name);
}

/**
 * Creates a function that makes the paths of a run unique: the first of several equal ones stays,
 * the next get `-2`, `-3`, … Paths that differ only in case or in the form of their letters are
 * equal, as on macOS and Windows.
 */
export function createUniquePaths(): (path: string) => string {
  const occurrences = createOccurrences();
  const timesBefore = (path: string): number => occurrences.count(comparable(path));
  return (path) => {
    let number = timesBefore(path) + 1;
    if (number === 1) return path;
    // Another job may already have the numbered name as its path.
    for (;;) {
      const candidate = withSuffix(path, `-${number}`);
      if (timesBefore(candidate) === 0) return candidate;
      number += 1;
    }
  };
}

/**
 * Folds a path for comparison. Upper-case comes first, as only that makes ß equal to ss, and σ to
 * ς.
 */
function comparable(path: string): string {
  return path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

function withSuffix(path: string, suffix: string): string {
  const fileBegin = path.lastIndexOf('/') + 1;
  const file = cutToBytes(path.slice(fileBegin), maxSegmentBytes - suffix.length).replace(/[-\s.]+$/, '');
  return `${path.slice(0, fileBegin)}${file}${suffix}`;
}

/** 200, less the suffix that makes equal paths unique (`-1000000`). */
const maxPathBytes = 190;

/** Files that a run itself writes into its folder. */
const runFiles = /^(manifest|report|gallery|contact-sheet|run|campaign_report|stdin|grid)([_. ]|$)/i;

/**
 * Joins folder names and a file name to one safe path below the run folder: at most 190 bytes,
 * separated by `/`.
 */
export function safePath(segments: readonly string[]): string {
  const path = joined(segments, maxSegmentBytes);
  if (Buffer.byteLength(path) <= maxPathBytes) return path;
  // Every segment gets the same share, less its separator.
  return joined(segments, Math.floor(maxPathBytes / segments.length) - 1);
}

function joined(segments: readonly string[], maxBytes: number): string {
  const [first = '', ...rest] = segments.map((segment) => safeSegment(segment, maxBytes));
  return [runFiles.test(first) ? safeSegment(`job-${first}`, maxBytes) : first, ...rest].join('/');
}
