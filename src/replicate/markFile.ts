import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { copyWhole } from '../copyWhole.ts';
import type { PixelTurn } from '../createPixelTurn.ts';
import type { DownloadTarget } from '../ports.ts';
import type { ImageFile } from '../types.ts';
import type { ReceivedFile } from './createByteMeter.ts';

/** A file that was received, whole and known, in its temporary place. */
export interface IdentifiedFile extends Pick<ImageFile, 'path' | 'format' | 'widthPx' | 'heightPx'> {
  readonly extension: string;
  readonly received: ReceivedFile;
}

/** Marks a picture in its temporary place, and keeps it as it came where that is wished. Rejects with what the disk says. */
export async function markFile(
  { path, extension, format, widthPx, heightPx, received }: IdentifiedFile,
  { mark, untouchedStem }: DownloadTarget,
  inTurn: PixelTurn,
): Promise<Pick<ImageFile, 'bytes' | 'sha256' | 'untouched'>> {
  const { bytes, sha256 } = received;
  if (mark === undefined || widthPx === null || heightPx === null) return { bytes, sha256 };
  const untouchedPath = `${untouchedStem}.${extension}`;
  if (untouchedStem !== undefined) await copyWhole(path, untouchedPath);
  const untouched = untouchedStem === undefined ? {} : { untouched: { path: untouchedPath, bytes, sha256 } };
  return inTurn(widthPx * heightPx, async () => {
    const before = await readFile(path);
    const after = await mark(before, format);
    if (after.equals(before)) return { bytes, sha256, ...untouched };
    await writeFile(path, after, { flush: true });
    return { bytes: after.length, sha256: createHash('sha256').update(after).digest('hex'), ...untouched };
  });
}
