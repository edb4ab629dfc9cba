/**
 * Reads a list item of the usual form: a text, or keys with plain or quoted values, a line each.
 * Returns undefined for everything else, which the full parser has to read; otherwise returns the
 * same value as the full parser.
 *
 *     - a red fox
 *     - prompt: an owl, asleep
 *       seed: 42
 *       style: "oil, on canvas"
 */
export function readUsualItem(lines: readonly string[]): unknown {
  const [, lead = '', first = ''] = /^(- +)(\S.*)$/.exec(lines[0] ?? '') ?? [];
  const others = lines.slice(1, lines.findLastIndex((line) => !/^ *$/.test(line)) + 1);
  if (PAIR.test(first)) return readPairs(first, others, lead.length);
  return first === '' || others.length > 0 ? undefined : readScalar(first);
}

/** Reads pairs that are all indented as the first one is. */
function readPairs(first: string, others: readonly string[], indent: number): unknown {
  const object: Record<string, unknown> = {};
  for (const line of [first, ...others.map((other) => unindented(other, indent))]) {
    const [, key = '', text = ''] = PAIR.exec(line) ?? [];
    const value = readScalar(text);
    if (value === undefined || RESERVED.test(key) || Object.hasOwn(object, key)) return undefined;
    object[key] = value;
  }
  return object;
}

/** Returns a line without its indent; an empty text if it has another one. */
function unindented(line: string, indent: number): string {
  return line.startsWith(' '.repeat(indent)) && line[indent] !== ' ' ? line.slice(indent) : '';
}

/** A key that needs no quotes, and its value. */
const PAIR = /^([A-Za-z_][\w-]*(?: [\w-]+)*): +(\S.*)$/;

/** Keys that are no texts, merge others, or would not be plain properties. */
const RESERVED = /^(true|false|null|y|n|yes|no|on|off|__proto__)$/i;

/**
 * Returns the value of a plain or quoted scalar without escapes; undefined if it is anything else.
 */
function readScalar(text: string): unknown {
  const value = text.endsWith(' ') ? text.replace(/ +$/, '') : text;
  if (value === '' || UNPRINTABLE.test(value)) return undefined;
  const quote = value[0];
  if (quote === '"' || quote === "'") return readQuoted(value, quote);
  // These end a plain scalar, or make a key of it.
  if (value.includes(': ') || value.endsWith(':') || value.includes(' #')) return undefined;
  if (/^\d/.test(value)) return readNumber(value);
  if (!PLAIN.test(value)) return undefined;
  if (!/^(true|false|null)$/i.test(value)) return value;
  // Other spellings of these are rare.
  return { true: true, false: false }[value];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for.
const UNPRINTABLE = /[\0-\x1F\x7F-\x9F\u2028\u2029\uFEFF]/;
/** A first character that only begins a text. */
const PLAIN = /^[\p{L}(/_$]/u;

function readQuoted(value: string, quote: '"' | "'"): string | undefined {
  const isWhole = value.length > 1 && value.indexOf(quote, 1) === value.length - 1;
  return isWhole && !value.includes('\\') ? value.slice(1, -1) : undefined;
}

function readNumber(value: string): string | number | undefined {
  if (/^(0|[1-9]\d{0,14})(\.\d{1,9})?$/.test(value)) return Number(value);
  // It is a number in another form: hexadecimal, octal, with an exponent, or too long.
  return /^0[ox]|^[\d.]+(e[-+]?\d*)?$/i.test(value) ? undefined : value;
}
