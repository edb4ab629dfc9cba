import { DownloadError } from '../errors.ts';
import { shownUrl } from './shownUrl.ts';

/** The `DownloadError` for a file host that answers with another status than 2xx. */
export function refusedDownload(status: number, url: string): DownloadError {
  if (status === 404 || status === 410) {
    return new DownloadError(
      'ERR_OUTPUT_GONE',
      `Expected a file at ${shownUrl(url)}, got ${status}: it is gone`,
      {
        suggestion:
          'Outputs live one hour: collect them sooner. Making the image again costs its price again.',
      },
    );
  }
  const recoverable = status >= 500 || status === 429 || status === 408;
  return new DownloadError('ERR_DOWNLOAD_REFUSED', `Expected a file at ${shownUrl(url)}, got ${status}`, {
    recoverable,
    suggestion: recoverable ? 'Run the same command again.' : 'Open the URL in a browser to see why.',
  });
}
