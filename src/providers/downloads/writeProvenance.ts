import { hash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf } from '../../base/text.ts';
import { copyWhole } from '../../disk/copyFiles.ts';
import { writeFlushed } from '../../disk/writeFiles.ts';
import { RenderError, RxposureError } from '../../errors.ts';
import { sharedImageMemory } from '../../images/imageMemory.ts';
import type { DownloadTarget } from '../../ports.ts';
import type { ImageFile } from '../../types.ts';
import { putDown } from './receivedFile.ts';
import type { IdentifiedFile } from './transformFile.ts';

/** Copies of a file in memory while its provenance is written. */
const COPIES = 3;

/**
 * Writes an image under its temporary name with its provenance, and flushes it; before, copies the
 * received bytes if `untouchedStem` is set. Rejects with the error of the disk; with `RenderError`
 * if `embedProvenance` throws: then the image is kept without provenance, as it is paid.
 */
export async function writeProvenance(
  { path, extension, format, widthPx, heightPx, received }: IdentifiedFile,
  {
    stem,
    embedProvenance,
    untouchedStem,
    mayReplace,
  }: Pick<DownloadTarget, 'stem' | 'embedProvenance' | 'mayReplace'> & {
    readonly untouchedStem?: string | undefined;
  },
): Promise<Pick<ImageFile, 'bytes' | 'sha256' | 'untouched'>> {
  const { bytes, sha256, content } = received;
  if (embedProvenance === undefined || widthPx === null || heightPx === null) {
    await putDown(path, received);
    return { bytes, sha256 };
  }
  let isWritten = content === null;
  let untouched: Pick<ImageFile, 'untouched'> = {};
  if (untouchedStem !== undefined) {
    await putDown(path, received);
    isWritten = true;
    const copy = await copyWhole(path, `${untouchedStem}.${extension}`, mayReplace);
    untouched = { untouched: { path: copy, bytes, sha256 } };
  }
  return sharedImageMemory().within(bytes * COPIES, async () => {
    const before = content ?? (await readFile(path));
    const after = await Promise.resolve()
      .then(() => embedProvenance(before, format))
      .catch(async (cause: unknown) => {
        if (cause instanceof RxposureError) throw cause;
        if (!isWritten) await putDown(path, received);
        throw await unmarked(cause, path, `${stem}.unmarked.${extension}`);
      });
    if (after.equals(before)) {
      await putDown(path, { content: isWritten ? null : content });
      return { bytes, sha256, ...untouched };
    }
    if (isWritten) await writeFile(path, after, { flush: true });
    else await writeFlushed(path, after);
    return { bytes: after.length, sha256: hash('sha256', after, 'hex'), ...untouched };
  });
}

/** Keeps an image whose provenance could not be embedded; resolves with the error that names it. */
async function unmarked(cause: unknown, path: string, to: string): Promise<RenderError> {
  const kept = await copyWhole(path, to, () => false);
  return new RenderError(
    'ERR_PROVENANCE_FAILED',
    `Provenance could not be embedded in an image: ${messageOf(cause)}. The original is kept as ${basename(kept)}`,
    {
      suggestion:
        'Correct `embedProvenance`, or `sign`, and run it again: within the hour the image is fetched again.',
      cause,
    },
  );
}
