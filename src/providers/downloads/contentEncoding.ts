import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { DownloadError } from '../../errors.ts';

const DECODERS: Readonly<Record<string, (() => Transform) | undefined>> = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  deflate: zlib.createInflate,
  br: zlib.createBrotliDecompress,
  // Node has it from 22.15 on.
  zstd: zlib.createZstdDecompress,
};

/**
 * Returns the streams that undo the encodings of a response, in their order; none for a plain one.
 * Downloads ask for plain files, but some hosts and proxies compress them regardless. Throws
 * `DownloadError` if an encoding is unknown.
 */
export function contentDecoders(encoding: string | undefined): Transform[] {
  const names = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  return names
    .filter((name) => name !== '' && name !== 'identity')
    .toReversed()
    .map((name) => {
      const create = DECODERS[name];
      if (create !== undefined) return create();
      throw new DownloadError('ERR_DOWNLOAD_REFUSED', `Expected a plain file, got one encoded as ${name}`, {
        recoverable: true,
        suggestion: 'Check the proxy, if there is one: it changes files.',
      });
    });
}

/**
 * Turns the error of a decoder into that of a file which is cut or damaged; returns any other as it
 * is.
 */
export function asDecodingFault(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!/^(Z_|ERR_BROTLI|ZSTD_|ERR_ZSTD|ERR__ERROR_FORMAT)/.test(code)) return error;
  return new DownloadError(
    'ERR_TRUNCATED',
    'Expected a whole compressed file, got one that is cut or damaged',
    {
      recoverable: true,
      suggestion: 'Run the same command again.',
      cause: error,
    },
  );
}
