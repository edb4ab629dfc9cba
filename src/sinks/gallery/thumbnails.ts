import { readdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { insideFolder } from '../../disk/insideFolder.ts';
import { newTemporaryPath } from '../../disk/writeFiles.ts';
import type { Outcome, OutcomeFile } from '../../types.ts';

const FOLDER = '.thumbs';
/**
 * Longest side of a thumbnail: sharp in a tile of 220 px at a device pixel ratio of 2; 10 to 25 kB.
 */
const SIDE_PX = 440;
const MAX_INPUT_PIXELS = 0x3fff * 0x3fff;

/**
 * The thumbnails of a run folder. You can delete them at any time: the next run makes them again.
 */
export interface Thumbnails {
  /**
   * Makes missing thumbnails of an outcome's originals, if the gallery shows that job. Skips one
   * that cannot be made (damaged original, full disk): no job fails because of a thumbnail.
   */
  make(outcome: Pick<Outcome, 'index' | 'files'>): Promise<void>;
  /**
   * Returns the path of the image to show in a tile, relative to the run folder; null if there is
   * no thumbnail.
   */
  pathOf(original: OutcomeFile): string | null;
}

/**
 * Opens the thumbnails of a run folder, which may have none yet. A thumbnail is named after the
 * original's content, so it is never out of date and identical images share one. Memory: one name
 * each. Never rejects: a folder that cannot be read counts as empty.
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
          await writeThumbnail(insideFolder(folder, file.path), insideFolder(folder, path));
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

/** Writes a thumbnail without flushing it: one that a power cut destroys is made again. */
async function writeThumbnail(original: string, path: string): Promise<void> {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  // Given a path, sharp shrinks the image while it reads it.
  const data = await sharp(original, { autoOrient: true, limitInputPixels: MAX_INPUT_PIXELS })
    .resize({ width: SIDE_PX, height: SIDE_PX, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 72, effort: 2 })
    .toBuffer();
  await ensureDir(dirname(path));
  const temporary = newTemporaryPath(path);
  await writeFile(temporary, data, { flag: 'wx' });
  await rename(temporary, path);
}

/** Jobs in a gallery, at most, the first ones of a run: a browser handles these without trouble. */
export const maxGalleryJobs = 20_000;

/** Size up to which an image is its own thumbnail: a smaller file would not load faster. */
const SMALL_BYTES = 40_000;
/** Formats that every browser shows. */
const SHOWN_FORMATS = new Set(['png', 'jpeg', 'webp', 'avif', 'gif']);

/**
 * The path of an original's thumbnail, relative to the run folder: itself if it is small enough,
 * else a file in `.thumbs`.
 */
export function thumbnailPath({ path, bytes, format, sha256 }: OutcomeFile): string {
  if (bytes <= SMALL_BYTES && SHOWN_FORMATS.has(format)) return path;
  // No image folder of the run can have this name: none begins with a dot.
  return `.thumbs/${sha256.slice(0, 20).replaceAll(/\W/g, '_')}.webp`;
}
