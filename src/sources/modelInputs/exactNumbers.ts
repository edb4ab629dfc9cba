/**
 * Parses JSON. A whole number that JavaScript cannot hold exactly, such as a seed of 64 bits,
 * becomes the text of its digits, so that it is not sent, or named, as another one. Throws
 * `SyntaxError` if the text is not JSON.
 */
export function parseExactJson(text: string): unknown {
  // The parser is three times as slow if it hands over each number.
  return /\d{16}/.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

function keepDigits(_key: string, value: unknown, { source = '' }: { source?: string } = {}): unknown {
  return typeof value === 'number' ? exactNumber(value, source) : value;
}

/**
 * Returns a number that was read; its source if that is a whole number which JavaScript cannot hold
 * exactly.
 */
export function exactNumber(value: number, source: string): number | string {
  return Number.isSafeInteger(value) || !/^[-+]?\d+$/.test(source) ? value : source;
}
