import type { HTTPError } from 'got';
import { DownloadError } from '../errors.ts';
import { shownUrl } from './shownUrl.ts';

/** The `DownloadError` for what went wrong between us and the file host. */
export function downloadError(error: unknown, url: string): DownloadError {
  if (isHttpError(error)) return refusal(error.response.statusCode, url);
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

function refusal(status: number, url: string): DownloadError {
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

/** By name, as loading `got` for its class alone would slow the start of every run. */
function isHttpError(error: unknown): error is HTTPError {
  return error instanceof Error && error.name === 'HTTPError' && 'response' in error;
}
