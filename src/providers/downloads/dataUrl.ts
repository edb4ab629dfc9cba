import { DownloadError } from '../../errors.ts';

/** A percent-encoded byte takes three characters, one in base64 fewer. */
const MAX_CHARS_PER_BYTE = 3;
/** Most bytes of a `data:` URL, which is held in memory several times. */
const MOST_BYTES = 100_000_000;
/** Room for the type before the data. */
const MAX_TYPE_CHARS = 1_000;

/**
 * Decodes a `data:` URL. Rejects with `DownloadError` if it is malformed, or too long to be decoded
 * at all.
 */
export async function readDataUrl(url: string, most: number): Promise<Buffer> {
  const maxBytes = Math.min(most, MOST_BYTES);
  if (url.length > maxBytes * MAX_CHARS_PER_BYTE + MAX_TYPE_CHARS) {
    const message = `Expected at most ${maxBytes} bytes in a data: URL, got one of ${url.length} characters`;
    throw new DownloadError('ERR_OUTPUT_TOO_LARGE', message, {
      suggestion: 'Ask the model for a smaller image.',
    });
  }
  try {
    // The platform's fetch decodes them without network traffic.
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  } catch {
    throw new DownloadError(
      'ERR_UNSUPPORTED_URL',
      'Expected a data: URL with base64 or percent-encoded data, got a malformed one',
      { suggestion: 'Look at the prediction on replicate.com.' },
    );
  }
}
