import { UsageError } from '../errors.ts';

/** Names of this machine, which never goes through a proxy. */
const LOOPBACK = [
  'localhost',
  '*.localhost',
  '127.0.0.1',
  '127.0.0.1-127.255.255.255',
  '::1',
  '[::1]',
  '0.0.0.0',
] as const;

/** The proxies of a network, as Node takes them. */
type Proxies = {
  readonly HTTP_PROXY?: string;
  readonly HTTPS_PROXY?: string;
  readonly NO_PROXY: string;
};

/**
 * Reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in small letters too, which come
 * first. Returns null if they name no proxy; one for SOCKS in `ALL_PROXY` is none. Throws
 * `UsageError` if another is not at an `http:` or `https:` address, without quoting it: it may have
 * a password.
 */
export function readProxies(env: Readonly<Record<string, string | undefined>>): Proxies | null {
  const all = /^(?:https?:\/\/|[^:]+(?::\d+)?$)/i.test(readVariable(env, 'ALL_PROXY'))
    ? proxyIn(env, 'ALL_PROXY')
    : null;
  const plain = proxyIn(env, 'HTTP_PROXY') ?? all;
  const secure = proxyIn(env, 'HTTPS_PROXY') ?? all;
  if (plain === null && secure === null) return null;
  const direct = readVariable(env, 'NO_PROXY').split(/[\s,]+/);
  return {
    ...(plain === null ? {} : { HTTP_PROXY: plain }),
    ...(secure === null ? {} : { HTTPS_PROXY: secure }),
    NO_PROXY: [...direct, ...LOOPBACK].filter((name) => name !== '').join(','),
  };
}

function readVariable(env: Readonly<Record<string, string | undefined>>, name: string): string {
  return (env[name.toLowerCase()] ?? env[name] ?? '').trim();
}

function proxyIn(env: Readonly<Record<string, string | undefined>>, name: string): string | null {
  const text = readVariable(env, name);
  if (text === '') return null;
  // Many programs take a host and a port alone.
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href.replace(/\/$/, '');
  throw new UsageError(`Expected \`${name}\` to be the http or https address of a proxy.`, {
    suggestion: `Correct it, such as ${name}=http://proxy.example:3128, or unset it. SOCKS is not supported.`,
  });
}
