import { BlockList, isIP, type LookupFunction } from 'node:net';
import { DownloadError } from '../../errors.ts';

/** The addresses from which files may be fetched. */
export interface Reach {
  /**
   * Throws `DownloadError` if nothing may be fetched from a URL. To be called for each hop, before
   * the request.
   */
  expect(url: URL): void;
  /** Resolves host names for connections. Absent: the system's. */
  readonly lookup?: LookupFunction;
}

/** The reach of an API on this machine: any address. */
export const anywhere: Reach = { expect: () => {} };

export interface PublicReachConfig {
  /** Resolves host names. Default: the system's. */
  resolve?: LookupFunction;
  /** True if `http:` is as good as `https:`, as it is for the API itself. Default false. */
  isPlain?: boolean;
  /**
   * Host names of proxies: connections to them may go to any address. Default: those that the
   * environment names.
   */
  proxies?: readonly string[];
}

/** Returns the host names of the proxies that the environment names, for any kind of URL. */
function proxiesIn(env: Readonly<Record<string, string | undefined>>): string[] {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  return names.flatMap((name) => {
    const text = (env[name] ?? '').trim();
    const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
    return url === null ? [] : [url.hostname];
  });
}

/**
 * Creates the reach of an API elsewhere: `https:` at public addresses only. Otherwise a model or a
 * service could have this machine fetch, and store, files that only this machine can reach. Names
 * are judged by the addresses they resolve to, and the connection goes to these very addresses: a
 * name that resolves to others a moment later gains nothing. Behind a proxy it is the proxy that
 * resolves names, so only addresses are judged there.
 */
export function createPublicReach(config: PublicReachConfig = {}): Reach {
  const { isPlain = false, proxies = proxiesIn(process.env) } = config;
  const { resolve = process.getBuiltinModule('node:dns').lookup } = config;
  const protocols = isPlain ? ['https:', 'http:'] : ['https:'];
  return {
    expect(url) {
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const isRefused = !protocols.includes(url.protocol) || (isIP(host) !== 0 && !isPublicAddress(host));
      if (isRefused) throw refused(`${url.origin}${url.pathname}`);
    },
    lookup: (name, options, callback) =>
      resolve(name, { ...options, all: true }, (error, found) => {
        if (error !== null) return callback(error, []);
        const addresses = [found].flat();
        const isProxy = proxies.includes(name);
        const local = addresses.find(
          (one) => typeof one === 'string' || (!isProxy && !isPublicAddress(one.address)),
        );
        const [first] = addresses;
        if (local !== undefined || first === undefined || typeof first === 'string') {
          const address = typeof local === 'object' ? local.address : '';
          return callback(refused(name, address), []);
        }
        return options.all === true
          ? callback(
              null,
              addresses.filter((one) => typeof one === 'object'),
            )
          : callback(null, first.address, first.family);
      }),
  };
}

/** The name of a host is refused for now only: a network may ask for a login first. */
function refused(shown: string, address?: string): DownloadError {
  const what = address === undefined ? shown : `${shown}, which is at ${address}`;
  return new DownloadError('ERR_UNSAFE_URL', `Expected the output at a public https: address, got ${what}`, {
    recoverable: address !== undefined,
    suggestion:
      'Look at the prediction on replicate.com. Outputs may be at other addresses only if the API is on this machine.',
  });
}

/** Networks of IPv4 that are not public, after the special-purpose registry of IANA. */
const LOCAL_V4: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Networks of IPv6 that hold addresses of IPv4: mapped ones, and those of NAT64. */
const V4_IN_V6 = ['::ffff:', '64:ff9b::'] as const;

/** Networks of IPv6 that are not public, although they are among those that may be. */
const LOCAL_V6: readonly (readonly [network: string, prefix: number])[] = [
  // Teredo, ORCHID and other protocols.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4.
  ['2002::', 16],
  ['3fff::', 20],
];

const local = new BlockList();
for (const [network, prefix] of LOCAL_V4) {
  local.addSubnet(network, prefix, 'ipv4');
  for (const outer of V4_IN_V6) local.addSubnet(`${outer}${network}`, 96 + prefix, 'ipv6');
}
for (const [network, prefix] of LOCAL_V6) local.addSubnet(network, prefix, 'ipv6');

/** All others are unassigned, local to a link or a site, multicast, or loopback. */
const perhapsPublicV6 = new BlockList();
perhapsPublicV6.addSubnet('2000::', 3, 'ipv6');
for (const outer of V4_IN_V6) perhapsPublicV6.addSubnet(`${outer}0.0.0.0`, 96, 'ipv6');

/** Returns true for an IP address that everybody in the internet reaches. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !local.check(address, 'ipv4');
  return isIP(address) === 6 && perhapsPublicV6.check(address, 'ipv6') && !local.check(address, 'ipv6');
}
