import http from 'node:http';
import { readProxies } from '../../base/proxies.ts';
import type { Warn } from './environment.ts';

/** The part of Node that calls go through proxies by. */
interface ProxyHost {
  /** Absent before Node 24.14. */
  setGlobalProxyFromEnv?: (proxies: Record<string, string>) => unknown;
}

/**
 * Sends all calls of this process, downloads and uploads included, through the proxies that the
 * environment names, and those to this machine never. Warns if this Node cannot.
 */
export function useProxies(
  env: Readonly<Record<string, string | undefined>>,
  warn: Warn,
  host: ProxyHost = http,
): void {
  const proxies = readProxies(env);
  if (proxies === null) return;
  if (host.setGlobalProxyFromEnv !== undefined) {
    host.setGlobalProxyFromEnv(proxies);
    return;
  }
  warn(
    'HTTP_PROXY and HTTPS_PROXY are ignored: this version of Node has no proxies. Use Node 24.14 or newer.',
  );
}
