/** Replaces secrets in a text by a mark. */
export type Redact = (text: string) => string;

/** The mark that stands for a secret. */
export const REDACTED = '[token]';

/** Shorter secrets, in characters, are stand-ins: replacing them would hit ordinary words. */
const SHORTEST_CHARS = 8;

/** Returns true if a credential is long enough, or of a form, to differ from ordinary words. */
export function isSecret(credential: string): boolean {
  return credential.length >= SHORTEST_CHARS || /^r8_./.test(credential);
}

interface RedactConfig {
  /** Text that stands for a credential. Default: `[token]`. */
  mark?: string;
  /** Shorter credentials, in characters, are left out. Default 8. */
  shortestChars?: number;
}

/**
 * Creates a function that replaces credentials in texts that a service has sent: as they are,
 * escaped as in JSON (`\u0072`), percent-encoded, each also several times over, and inside base64.
 * In base64, of which data may consist, the mark is a run of `X`, so that it can still be decoded.
 * Credentials that are null, or too short to differ from words, are left out.
 */
export function createRedact(
  credentials: readonly (string | null | undefined)[],
  { mark = REDACTED, shortestChars = SHORTEST_CHARS }: RedactConfig = {},
): Redact {
  const secrets = credentials
    .filter((credential) => typeof credential === 'string')
    .filter((credential) => credential.length >= shortestChars || isSecret(credential));
  if (secrets.length === 0) return (text) => text;
  const escaped = new RegExp(secrets.map(escapedForms).join('|'), 'g');
  const encoded = [...new Set(secrets.flatMap(base64Forms))].map((form) => ({
    form,
    stand: 'X'.repeat(form.length),
  }));
  return (text) => {
    const mayBeEscaped = text.includes('\\') || text.includes('%');
    let clean = mayBeEscaped ? text.replace(escaped, () => mark) : text;
    for (const secret of secrets) clean = clean.replaceAll(secret, () => mark);
    for (const { form, stand } of encoded) clean = clean.replaceAll(form, stand);
    return clean;
  };
}

/**
 * Returns a regular expression for a secret, each character of which may be escaped. It takes
 * linear time: the forms of a character begin differently, and their repeats are bounded.
 */
function escapedForms(secret: string): string {
  return secret.split('').map(escapedCharacter).join('');
}

function escapedCharacter(character: string): string {
  const code = character.charCodeAt(0);
  const unicode = hexDigits(code, 4);
  const forms = [`\\\\{0,4}\\u${code.toString(16).padStart(4, '0')}`, `\\\\{1,4}u${unicode}`];
  if (code < 0x80) forms.push(`%(?:25){0,3}${hexDigits(code, 2)}`);
  return `(?:${forms.join('|')})`;
}

/** Returns a regular expression for a number in hex, in capitals or not. */
function hexDigits(code: number, digits: number): string {
  const hex = code.toString(16).padStart(digits, '0');
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** Characters of base64 that a secret takes, and bytes before it, by its offset. */
const ALIGNMENTS = [0, 1, 2] as const;

/**
 * Returns the parts of base64 that show a secret inside other bytes: one for each alignment,
 * without the characters that depend on the bytes around it; each also in the alphabet of URLs.
 */
function base64Forms(secret: string): string[] {
  return ALIGNMENTS.flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    const [first, last] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
    return (['base64', 'base64url'] as const).map((alphabet) => bytes.toString(alphabet).slice(first, last));
  });
}
