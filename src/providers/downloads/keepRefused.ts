import { basename } from 'node:path';
import { giveName } from '../../disk/giveName.ts';
import { DownloadError, type DownloadErrorDetails } from '../../errors.ts';
import { putDown, type ReceivedFile } from './receivedFile.ts';

/** The format of a kept file whose content is unknown, and the extension that it gets. */
export const UNRECOGNISED = 'unrecognised';

/** The way in which a refused file is kept. */
interface KeptAs {
  /** The part of its name behind the stem. */
  readonly suffix: string;
  readonly format: string;
}

/** A file that came, but cannot be used: it may be the model's output, and was paid for. */
export class RefusedFile extends DownloadError {
  readonly keptAs: KeptAs;

  constructor(
    code: string,
    message: string,
    { keptAs, ...details }: DownloadErrorDetails & { keptAs: KeptAs },
  ) {
    super(code, message, details);
    this.keptAs = keptAs;
  }
}

/** Where a refused file came from, and its names. */
interface FileSource {
  readonly url: string;
  readonly temporary: string;
  /** Absolute path without extension. */
  readonly stem: string;
  readonly received: Omit<ReceivedFile, 'head'>;
}

/**
 * Keeps a refused file if the same content has come from its URL before: then the service has no
 * other, and this one may be paid. The content of a `data:` URL is kept at once. Resolves with the
 * error to emit instead, which names the path of the file; or with the same error.
 */
export type RefusedFiles = (error: RefusedFile, source: FileSource) => Promise<DownloadError>;

/** URLs that are remembered. */
const MOST_URLS = 1_000;

/** Creates the memory of refused files. */
export function createRefusedFiles(): RefusedFiles {
  const seen = new Map<string, string>();
  const hasComeBefore = (url: string, sha256: string): boolean => {
    const isSame = seen.get(url) === sha256;
    seen.delete(url);
    seen.set(url, sha256);
    const [oldest] = seen.keys();
    if (seen.size > MOST_URLS && oldest !== undefined) seen.delete(oldest);
    return isSame;
  };
  return async (error, { url, temporary, stem, received }) => {
    const { bytes, sha256 } = received;
    const isData = /^data:/i.test(url);
    if (!isData && !hasComeBefore(url, sha256)) return error;
    const { suffix, format } = error.keptAs;
    await putDown(temporary, received);
    // A copy with the same content, of an earlier try, is replaced.
    const path = await giveName(temporary, `${stem}.${suffix}`, () => false);
    const came = isData ? 'It' : 'It came twice, and';
    return new DownloadError(error.code, `${error.message}. ${came} is kept as ${basename(path)}`, {
      ...(format === UNRECOGNISED ? NOT_AGAIN : { recoverable: !isData, suggestion: error.suggestion }),
      kept: { path, bytes, sha256, format },
      cause: error.cause,
    });
  };
}

/** A file without a known fault is not fetched again. */
const NOT_AGAIN = {
  recoverable: false,
  suggestion:
    'Open it to see the output of the model. Delete it, and run the same command again within the hour, to download it once more.',
};
