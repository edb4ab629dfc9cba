import { DownloadError } from '../errors.ts';
import { shownUrl } from './shownUrl.ts';

/** The `DownloadError` for a transfer that broke off: reset, timed out, or cut before its told length. */
export function downloadError(error: unknown, url: string): DownloadError {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
  return new DownloadError(
    'ERR_DOWNLOAD_CUT',
    `Expected ${shownUrl(url)} whole, but the transfer broke off (${reason})`,
    {
      recoverable: true,
      suggestion:
        'Check the network and run the same command again: the output can still be had for an hour.',
    },
  );
}
