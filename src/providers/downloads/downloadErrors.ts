import { DownloadError, type ProviderError } from '../../errors.ts';
import { certificateDoubts, untrusted } from '../http/certificates.ts';
import { neverConnected } from '../http/neverConnected.ts';

/**
 * Returns a URL fit for messages: without its query, which may be a signature, and without the
 * content of a `data:` URL.
 */
export function shownUrl(url: string): string {
  if (/^data:/i.test(url)) return 'a data: URL';
  return URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : 'an unreadable URL';
}

/** Returns the `DownloadError` for a response of the file host outside 2xx. */
export function refusedDownload(status: number, url: string): DownloadError {
  if (status === 404 || status === 410) {
    return new DownloadError(
      'ERR_OUTPUT_GONE',
      `Expected a file at ${shownUrl(url)}, got ${status}: it is gone`,
      {
        suggestion:
          'Outputs live for one hour: collect them sooner. Making the image again means paying for it again.',
      },
    );
  }
  const recoverable = status >= 500 || status === 429 || status === 408;
  return new DownloadError('ERR_DOWNLOAD_REFUSED', `Expected a file at ${shownUrl(url)}, got ${status}`, {
    recoverable,
    isOutage: status >= 502 && status <= 504,
    suggestion: recoverable ? 'Run the same command again.' : 'Open the URL in a browser to see why.',
  });
}

/**
 * Returns the error for a transfer that broke off: `DownloadError` if it was reset, timed out, or
 * cut before its declared length; `ProviderError` if the certificate of the file host is not
 * trusted. That ends the run, because other files cannot be fetched either, while paid predictions
 * stay open for the next run.
 */
export function downloadError(error: unknown, url: string): DownloadError | ProviderError {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'no response';
  const doubt = certificateDoubts.get(reason);
  if (doubt !== undefined) {
    const words = doubt.words.replace('of the service', 'of the file host');
    return untrusted(`No output can be downloaded from ${shownUrl(url)}: ${words} (${reason})`, doubt);
  }
  if (error instanceof Error && error.name === 'MaxRedirectsError') {
    return new DownloadError('ERR_DOWNLOAD_REFUSED', `The file host redirects ${shownUrl(url)} without end`, {
      suggestion: 'Open the URL in a browser to see why.',
    });
  }
  return new DownloadError('ERR_DOWNLOAD_CUT', `The download of ${shownUrl(url)} broke off (${reason})`, {
    recoverable: true,
    isOutage: isUnconnected(error, reason),
    suggestion: 'Check the network and run the same command again: the service keeps the output for an hour.',
  });
}

const CONNECTING = ['lookup', 'connect', 'secureConnect'];

/** Returns true if no connection to the host was made. */
function isUnconnected(error: unknown, code: string): boolean {
  const event = error instanceof Error && 'event' in error ? String(error.event) : '';
  return neverConnected.has(code) || (code === 'ETIMEDOUT' && CONNECTING.includes(event));
}
