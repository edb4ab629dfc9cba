import { readdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { temporaryPath } from '../../disk/writeFiles.ts';
import type { Outcome, OutcomeFile } from '../../types.ts';

const FOLDER = '.thumbs';
/** Sharp on a tile of 220 px on a screen with two dots a pixel; 10 to 25 kB. */
const SIDE_PX = 440;
const MAX_INPUT_PIXELS = 0x3fff * 0x3fff;

/** The small pictures by which people find their way in a run. They can be deleted at any time: the next run makes them again. */
export interface Thumbnails {
  /**
   * Makes the thumbnails of an outcome's originals that need one and have none, if the gallery shows that job at all. One
   * that cannot be made, because the original is damaged or the disk full, is left out: no job fails for want of a thumbnail.
   */
  make(outcome: Pick<Outcome, 'index' | 'files'>): Promise<void>;
  /** The picture to show small, relative to the run folder; null where there is nothing but the original to show, or nothing at all. */
  pathOf(original: OutcomeFile): string | null;
}

/**
 * Opens the thumbnails of a run folder, which may have none yet. They are called after the original's content, so one is
 * never out of date and equal pictures share one. Memory: a name each. Never rejects: a folder that cannot be read has none.
 */
export async function openThumbnails(folder: string): Promise<Thumbnails> {
  const made = new Set(await readdir(join(folder, FOLDER)).catch(() => []));
  return {
    async make({ index, files }) {
      if (index >= maxGalleryJobs) return;
      for (const file of files) {
        const path = thumbnailPath(file);
        if (!needsOne(file) || made.has(basename(path))) continue;
        try {
          await writeThumbnail(join(folder, file.path), join(folder, path));
          made.add(basename(path));
        } catch {
          // The gallery shows the original instead.
        }
      }
    },
    pathOf(original) {
      const path = thumbnailPath(original);
      return path === original.path || made.has(basename(path)) ? path : null;
    },
  };
}

function needsOne(file: OutcomeFile): boolean {
  return file.role === 'original' && file.width !== null && thumbnailPath(file) !== file.path;
}

/** Not flushed: what a power cut takes of it is made again. */
async function writeThumbnail(original: string, path: string): Promise<void> {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  // From the path, so that the picture is shrunk while it is read.
  const data = await sharp(original, { autoOrient: true, limitInputPixels: MAX_INPUT_PIXELS })
    .resize({ width: SIDE_PX, height: SIDE_PX, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 72, effort: 2 })
    .toBuffer();
  await ensureDir(join(path, '..'));
  await writeFile(temporaryPath(path), data);
  await rename(temporaryPath(path), path);
}

/** A gallery shows so many jobs, the first ones of a run: what a browser holds without trouble. */
export const maxGalleryJobs = 20_000;

/** A picture as small as this is shown itself: no thumbnail would load faster. */
const SMALL_BYTES = 40_000;
/** What every browser shows. */
const SHOWN_FORMATS = new Set(['png', 'jpeg', 'webp', 'avif', 'gif']);

/** Where an original's small picture is, relative to the run folder: itself where it is small enough, else in `.thumbs`. */
export function thumbnailPath({ path, bytes, format, sha256 }: OutcomeFile): string {
  if (bytes <= SMALL_BYTES && SHOWN_FORMATS.has(format)) return path;
  // No folder of the run can have this name: folders of pictures never begin with a point.
  return `.thumbs/${sha256.slice(0, 20)}.webp`;
}
