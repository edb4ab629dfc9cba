/** The longest beginning of a text that has at most so many bytes in UTF-8; no code point is cut in two. */
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
