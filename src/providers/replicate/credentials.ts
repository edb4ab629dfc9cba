import { z } from 'zod';
import { UsageError } from '../../errors.ts';

/** The settings of the service in the environment. */
export interface ServiceEnvironment {
  /** `REPLICATE_API_TOKEN`; null if it is unset or empty. */
  readonly token: string | null;
  /** `REPLICATE_BASE_URL`, without a trailing slash; null if it is unset or empty. */
  readonly baseUrl: string | null;
}

/** The base URL of Replicate's HTTP API. */
export const replicateBaseUrl = 'https://api.replicate.com/v1';

/** Where the service is, and how to get in. */
export interface Account {
  readonly token: string;
  readonly baseUrl: string;
  /** Credentials that no text of the service may bring back, besides the token. */
  readonly secrets: readonly string[];
}

/**
 * Completes an account. Without a `token`, token and address are those of the environment; a given
 * token goes to a given address only, or to Replicate. Throws `UsageError` if there is no token, or
 * token or address are malformed.
 */
export function accountOf(given: Partial<Account>, env: Variables = process.env): Account {
  const { token, baseUrl = replicateBaseUrl, secrets = [] } = given;
  if (token !== undefined) return expectAccount({ token, baseUrl, secrets });
  const found = readServiceEnvironment(env);
  if (found.token === null) {
    throw new UsageError(
      'There is no API token: set `REPLICATE_API_TOKEN`, or create the provider with a `token`.',
      {
        suggestion: 'Tokens are at https://replicate.com/account/api-tokens.',
      },
    );
  }
  return expectAccount({
    token: found.token,
    baseUrl: given.baseUrl ?? found.baseUrl ?? replicateBaseUrl,
    secrets: [...secrets, ...secretsIn(env)],
  });
}

/**
 * Returns the account. Throws `UsageError` if its token cannot be sent as a header (the platform's
 * own error would show it), if it is empty (the client would look for one in the environment), or
 * if the base URL is malformed.
 */
function expectAccount(account: Account): Account {
  const { token, baseUrl } = account;
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const got = token === '' ? 'an empty one' : 'one that contains blanks or other characters';
    throw new UsageError(`Expected an API token of letters, digits and signs, got ${got}`, {
      suggestion: 'Tokens are at https://replicate.com/account/api-tokens: copy a whole one.',
    });
  }
  const url = URL.parse(baseUrl);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new UsageError(
      `Expected \`baseUrl\` to begin with https:// or http://, got ${JSON.stringify(baseUrl)}`,
    );
  }
  return account;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads token and address of the service from environment variables. Throws `UsageError` if a value
 * is invalid, without quoting the token.
 */
export function readServiceEnvironment(env: Variables): ServiceEnvironment {
  return {
    token: readToken(env.REPLICATE_API_TOKEN ?? ''),
    baseUrl: readBaseUrl(env.REPLICATE_BASE_URL ?? ''),
  };
}

/** Quotation marks as people and programs write them, at either end. */
const QUOTE_AT_END = /^["'`\u2018-\u201f\u00ab\u00bb]|["'`\u2018-\u201f\u00ab\u00bb]$/;

function readToken(text: string): string | null {
  const token = text.trim();
  if (token === '') return null;
  if (QUOTE_AT_END.test(token)) {
    throw new UsageError(
      '`REPLICATE_API_TOKEN` has quotation marks around it, which are no part of a token.',
      {
        suggestion:
          'Write it without them: docker --env-file, systemd and .env files read by others keep quotation marks.',
      },
    );
  }
  if (/^[<[{$%]/.test(token)) {
    throw new UsageError('`REPLICATE_API_TOKEN` holds a stand-in, which is no token.', {
      suggestion:
        'Put your token in its place, from https://replicate.com/account/api-tokens; files such as .env may not fill in variables.',
    });
  }
  if (/^(?:export\s+)?REPLICATE_API_TOKEN\s*=/.test(token)) {
    throw new UsageError('`REPLICATE_API_TOKEN` has its own name before the token.', {
      suggestion: 'Give the token alone.',
    });
  }
  if (/^(?:token|bearer)[\s:]/i.test(token)) {
    throw new UsageError('`REPLICATE_API_TOKEN` has a word before the token.', {
      suggestion: 'Give the token alone, without `Token` or `Bearer`.',
    });
  }
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError('`REPLICATE_API_TOKEN` has spaces or special characters, which no token contains.', {
    suggestion: 'Copy it again from https://replicate.com/account/api-tokens.',
  });
}

function readBaseUrl(text: string): string | null {
  if (text.trim() === '') return null;
  const url = httpUrl.safeParse(text.trim());
  if (url.success) return url.data;
  throw new UsageError(
    `Expected \`REPLICATE_BASE_URL\` to be an http or https URL without password, query or fragment, got '${text.replaceAll(/\p{C}/gu, ' ').slice(0, 80)}'`,
  );
}

/**
 * The schema of an API's base URL: http or https, no password, query or fragment; drops trailing
 * slashes.
 */
export const httpUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => {
    // All checks run, also if the text is no URL.
    const url = URL.parse(text);
    return url !== null && url.username + url.password + url.search + url.hash === '';
  })
  .transform((text) => text.replace(/\/+$/, ''));

/** Variables of the environment that hold credentials of the services that a run may use. */
const SECRET_VARIABLES = ['REPLICATE_API_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;

/** Shorter ones, such as `minioadmin`, are names too, and may stand in the URLs of outputs. */
const SHORTEST_SECRET_CHARS = 20;

/** Returns the credentials in the environment: no text of a service may bring one of them back. */
export function secretsIn(env: Variables): string[] {
  return SECRET_VARIABLES.map((name) => env[name]?.trim() ?? '').filter(
    (secret) => secret.length >= SHORTEST_SECRET_CHARS,
  );
}
