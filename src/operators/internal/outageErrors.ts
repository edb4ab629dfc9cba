import { DownloadError, ProviderError } from '../../errors.ts';

/** Codes of calls without a readable response. */
const withoutResponse = [
  'ERR_NO_CONNECTION',
  'ERR_CONNECTION_LOST',
  'ERR_REQUEST_TIMEOUT',
  'ERR_UNREADABLE_ANSWER',
];

/**
 * Returns true for an error of a call to which the service has not responded, or only with a fault
 * of its own: if all calls end so, it is away. False if it has responded, null if nothing is known:
 * this machine has refused, or something on the way.
 */
export function isServiceAway(error: unknown): boolean | null {
  if (!(error instanceof ProviderError)) return null;
  const { status, code, recoverable } = error;
  if (code === 'ERR_REFUSED' || code === 'ERR_WEB_PAGE') return null;
  if (status === null) return recoverable && withoutResponse.includes(code) ? true : null;
  return status >= 500 && recoverable;
}

/**
 * Returns true for an error that all other calls would end with, too: of the token, the credit, an
 * outage that lasts too long. A web filter may block the list alone.
 */
export function concernsAllCalls(error: unknown): boolean {
  return error instanceof ProviderError && error.stopsRun && error.code !== 'ERR_WEB_PAGE';
}

/** Returns true if no connection was made: then nothing was sent. */
export function isUnconnected(error: unknown): boolean {
  return (
    isServiceAway(error) === true && error instanceof ProviderError && error.code === 'ERR_NO_CONNECTION'
  );
}

/**
 * Returns true for an error of a download that the file host has not responded to, false if it has,
 * null if nothing is known.
 */
export function isHostAway(error: unknown): boolean | null {
  if (!(error instanceof DownloadError)) return null;
  if (error.isOutage) return error.recoverable;
  return error.code === 'ERR_DOWNLOAD_CUT' ? null : false;
}
