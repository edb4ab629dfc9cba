import { basename } from 'node:path';
import { giveName } from '../../disk/giveName.ts';
import { DownloadError } from '../../errors.ts';

/** A file that was refused because it is not whole, under its temporary name. */
interface RefusedFile {
  readonly url: string;
  readonly temporary: string;
  /** Absolute path without extension. */
  readonly stem: string;
  readonly extension: string;
  /** Hex. */
  readonly sha256: string;
}

/**
 * Keeps a refused file if the same content has come from its URL before: then the service has no
 * other, and what it has may be paid. Resolves with the error to emit instead, which says where the
 * file is; or with the same error.
 */
export type RefusedFiles = (error: DownloadError, file: RefusedFile) => Promise<DownloadError>;

/** URLs that are remembered. */
const MOST_URLS = 1_000;

/** Creates the memory of refused files. */
export function createRefusedFiles(): RefusedFiles {
  const seen = new Map<string, string>();
  return async (error, { url, temporary, stem, extension, sha256 }) => {
    const isSame = seen.get(url) === sha256;
    seen.delete(url);
    seen.set(url, sha256);
    const [oldest] = seen.keys();
    if (seen.size > MOST_URLS && oldest !== undefined) seen.delete(oldest);
    if (!isSame) return error;
    // A copy with the same content, of an earlier try, is replaced.
    const path = await giveName(temporary, `${stem}.damaged.${extension}`, () => false);
    return new DownloadError(
      error.code,
      `${error.message}. It came twice, and is kept as ${basename(path)}`,
      {
        recoverable: error.recoverable,
        suggestion: error.suggestion,
        cause: error.cause,
      },
    );
  };
}
