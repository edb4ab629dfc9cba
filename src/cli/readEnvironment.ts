import { UsageError } from '../errors.ts';
import { httpUrl } from './httpUrl.ts';
import { quoted } from './quoted.ts';

/** What the environment variables say. */
export interface Environment {
  /** `REPLICATE_API_TOKEN`; null where it is unset or empty. */
  readonly token: string | null;
  /** `REPLICATE_BASE_URL`, without a slash at its end. */
  readonly baseUrl: string | null;
  /** `NO_COLOR` has any value but the empty one: https://no-color.org */
  readonly noColor: boolean;
}

/** Reads the environment. Throws `UsageError` where a value is impossible; the token itself is never part of it. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  return {
    token: readToken(env.REPLICATE_API_TOKEN ?? ''),
    baseUrl: readBaseUrl(env.REPLICATE_BASE_URL ?? ''),
    noColor: (env.NO_COLOR ?? '') !== '',
  };
}

function readToken(text: string): string | null {
  const token = text.trim();
  if (token === '') return null;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(
    'Expected `REPLICATE_API_TOKEN` to be a token without spaces or special characters, got one with',
    { suggestion: 'Copy it again from https://replicate.com/account/api-tokens.' },
  );
}

function readBaseUrl(text: string): string | null {
  if (text.trim() === '') return null;
  const url = httpUrl.safeParse(text.trim());
  if (url.success) return url.data;
  throw new UsageError(
    `Expected \`REPLICATE_BASE_URL\` to be an http or https URL without password, query or fragment, got ${quoted(text)}`,
  );
}
