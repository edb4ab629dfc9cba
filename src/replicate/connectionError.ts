import { ProviderError } from '../errors.ts';

/** Faults from before a connection stood: the request never left this machine. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_NODATA',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'HOSTNAME_MISMATCH',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
]);

/** The `ProviderError` for a call that got no answer. A time-out is told by an error whose name is `TimeoutError`. */
export function connectionError(method: string, path: string, error: unknown): ProviderError {
  const causes = chainOf(error);
  const code = causes.map(codeOf).find((candidate) => candidate !== '') ?? '';
  if (causes.length > 0 && causes.every(isFromConnecting)) {
    return new ProviderError(
      'ERR_NO_CONNECTION',
      `${method} ${path}: no connection to the service (${code})`,
      {
        recoverable: true,
        suggestion: 'Check the network and the base URL.',
      },
    );
  }
  const timedOut = causes.some((cause) => cause instanceof Error && cause.name === 'TimeoutError');
  return new ProviderError(
    timedOut ? 'ERR_REQUEST_TIMEOUT' : 'ERR_CONNECTION_LOST',
    `${method} ${path}: ${timedOut ? 'no answer in time' : `the connection broke${code === '' ? '' : ` (${code})`}`}`,
    { recoverable: true, tookEffect: method === 'GET' ? 'no' : 'unknown', suggestion: 'Check the network.' },
  );
}

/** The innermost errors: what `fetch failed` was caused by; several where several addresses were tried. */
function chainOf(error: unknown): unknown[] {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(chainOf);
  if (error instanceof Error && error.cause !== undefined) return chainOf(error.cause);
  return [error];
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function isFromConnecting(error: unknown): boolean {
  const syscall = error instanceof Error && 'syscall' in error ? error.syscall : undefined;
  // A network that goes away while an answer is awaited has codes from the list too: then the request was sent.
  if (syscall === 'read' || syscall === 'write') return false;
  return neverConnected.has(codeOf(error)) || syscall === 'connect';
}
