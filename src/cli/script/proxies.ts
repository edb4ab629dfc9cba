import http from 'node:http';
import { BlockList, isIP } from 'node:net';
import { readProxies } from '../../base/proxies.ts';
import type { Warn } from './environment.ts';

/** The part of Node that calls go through proxies by. */
interface ProxyHost {
  /** Absent before Node 24.14. */
  setGlobalProxyFromEnv?: (proxies: Record<string, string>) => unknown;
}

/**
 * Sends all calls of this process, downloads and uploads included, through the proxies that the
 * environment names, and those to this machine never. `baseUrl` is that of the API: Node knows no
 * networks such as `10.0.0.0/8` in `NO_PROXY`, so its address is named if it lies in one. Warns if
 * this Node has no proxies.
 */
export function useProxies(
  env: Readonly<Record<string, string | undefined>>,
  warn: Warn,
  { host = http, baseUrl = null }: { readonly host?: ProxyHost; readonly baseUrl?: string | null } = {},
): void {
  const proxies = readProxies(env);
  if (proxies === null) return;
  const { hostname } = URL.parse(baseUrl ?? '') ?? { hostname: '' };
  const direct = isInNetwork(hostname, proxies.NO_PROXY.split(',')) ? `,${hostname}` : '';
  if (host.setGlobalProxyFromEnv !== undefined) {
    host.setGlobalProxyFromEnv({ ...proxies, NO_PROXY: proxies.NO_PROXY + direct });
    return;
  }
  warn(
    'HTTP_PROXY and HTTPS_PROXY are ignored: this version of Node has no proxies. Use Node 24.14 or newer.',
  );
}

/** Returns true for an address in one of the networks that stand among other names. */
function isInNetwork(hostname: string, names: readonly string[]): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) return false;
  const networks = new BlockList();
  for (const name of names) {
    const [network = '', bits = ''] = name.split('/');
    const most = isIP(network) === 6 ? 128 : 32;
    if (isIP(network) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) continue;
    networks.addSubnet(network, Number(bits), familyOf(network));
  }
  return networks.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
