import { cutToBytes } from './cutToBytes.ts';

const maxWords = 6;
const maxBytes = 60;
/** Enough text for six words of any sane length; prompts may be a million characters long. */
const readChars = 600;

/**
 * A short file name for a prompt: its first six words, lower-case, joined by `-`. Latin letters lose their accents,
 * other scripts keep their letters. A prompt without any letter or digit is `image`.
 *
 *     A Café at Night, in the rain of 1920  ->  a-cafe-at-night-in-the
 *     夜の海                                 ->  夜の海
 */
export function slug(prompt: string): string {
  const words = folded(prompt.slice(0, readChars)).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const joined = words.slice(0, maxWords).join('-');
  return cutToBytes(joined, maxBytes).replace(/-+$/, '') || 'image';
}

/** Only marks on Latin letters are ornaments; in other scripts they are vowels. */
function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/(\p{Script=Latin})\p{M}+/gu, '$1')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[ßæœøłđþðı]/g, (letter) => latin[letter] ?? letter)
    .replace(/(?<=\p{L})['’](?=\p{L})/gu, '');
}

/** Latin letters that do not decompose. */
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
