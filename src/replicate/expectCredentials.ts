import { UsageError } from '../errors.ts';

/**
 * Throws `UsageError` where the token cannot be sent as a header (which would show it in the platform's own error), is
 * empty (the client would look for another one in the environment), or the base URL is none.
 */
export function expectCredentials(token: string, baseUrl: string): void {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const got = token === '' ? 'an empty one' : 'one with blanks or other characters in it';
    throw new UsageError(`Expected an API token of letters, digits and signs, got ${got}`, {
      suggestion: 'Tokens are at https://replicate.com/account/api-tokens: copy one whole.',
    });
  }
  const url = URL.parse(baseUrl);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new UsageError(
      `Expected \`baseUrl\` to begin with https:// or http://, got ${JSON.stringify(baseUrl)}`,
    );
  }
}
