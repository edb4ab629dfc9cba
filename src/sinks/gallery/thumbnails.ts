import { readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Sharp } from 'sharp';
import { ensureDir } from '../../disk/folders.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { importPackage } from '../../disk/storageError.ts';
import { newTemporaryPath, writeFlushed } from '../../disk/writeFiles.ts';
import { type DecodingNotes, openDecodingNotes } from '../../images/decodingNotes.ts';
import { decodeOpened, withImage } from '../../images/openImage.ts';
import { checkDecodable, decodeUnlessRefused } from '../../renditions/decode.ts';
import type { Preview } from '../../renditions/renderer.ts';
import type { ImageFile, Outcome, OutcomeFile } from '../../types.ts';

const FOLDER = '.thumbs';
/**
 * Longest side of a thumbnail: sharp in a tile of 220 px at a device pixel ratio of 2; 10 to 25 kB.
 */
const SIDE_PX = 440;
/** Memory for encoding one. */
const ENCODER_BYTES = 4_000_000;

/**
 * The thumbnails of a run folder. You can delete them at any time: the next run makes them again.
 */
export interface Thumbnails {
  /**
   * Makes missing thumbnails of an outcome's originals, if the gallery shows that job. Skips one
   * that cannot be made (damaged or too large original, full disk): no job fails because of a
   * thumbnail.
   */
  make(outcome: Pick<Outcome, 'index' | 'files'>): Promise<void>;
  /**
   * Decodes an original that is to be saved, and makes its thumbnail of it, so that it need not be
   * decoded again. Rejects with `RenderError` (`ERR_UNDECODABLE`) if it is no complete image,
   * `StorageError` if it cannot be read.
   */
  check(original: ImageFile): Promise<void>;
  /** Makes the thumbnail of an original that is to be saved from the decode of its renditions. */
  readonly preview: Preview;
  /** Stores the thumbnail of an original that another machine has made. Never rejects. */
  keep(original: OutcomeFile, data: Buffer): Promise<void>;
  /**
   * Returns the path of the image to show in a tile, relative to the run folder; null if there is
   * no thumbnail.
   */
  pathOf(original: OutcomeFile): string | null;
}

export interface ThumbnailsConfig {
  /** Make them of small images, too: of originals that do not stay. Default false. */
  coversAll?: boolean;
}

/**
 * Opens the thumbnails of a run folder, which may have none yet. A thumbnail is named after the
 * original's content, so it is never out of date and identical images share one. Memory: one name
 * each. Never rejects: a folder that cannot be read counts as empty.
 */
export async function openThumbnails(
  folder: string,
  { coversAll = false }: ThumbnailsConfig = {},
): Promise<Thumbnails> {
  const wantedPath = coversAll ? ownThumbnail : thumbnailPath;
  const made = new Set(await readdir(join(folder, FOLDER)).catch(() => []));
  const notes = openDecodingNotes(folder);
  /** Writes a thumbnail, if there is room: a full disk is no reason to fail. */
  const write = async (data: Buffer, path: string) => {
    try {
      await writeThumbnail(data, insideFolder(folder, path));
      made.add(basename(path));
    } catch {
      // The gallery shows the original instead.
    }
  };
  const drawFile = async (path: string) => draw(insideFolder(folder, path), notes);
  return {
    async make({ index, files }) {
      if (index >= maxGalleryJobs) return;
      for (const file of files) {
        const path = wantedPath(file);
        const isNeeded = file.role === 'original' && file.width !== null && path !== file.path;
        if (!isNeeded || made.has(basename(path))) continue;
        // Without one, the gallery shows the original.
        const data = await drawFile(file.path).catch(() => null);
        if (data !== null) await write(data, path);
      }
    },
    async check(original) {
      const { path, widthPx } = original;
      const thumbnail = wantedPath(asOutput(original));
      if (widthPx === null || made.has(basename(thumbnail))) return;
      if (thumbnail === path || made.size >= maxGalleryJobs) return checkDecodable(path, { notes });
      const data = await decodeUnlessRefused(path, () => draw(path, notes));
      if (data !== null) await write(data, thumbnail);
    },
    preview: {
      sidePx: SIDE_PX,
      async draw(original, pixels) {
        const thumbnail = wantedPath(asOutput(original));
        const isNeeded = thumbnail !== original.path && !made.has(basename(thumbnail));
        if (!isNeeded || made.size >= maxGalleryJobs) return;
        // Without one, it is tried again from the file.
        const data = await encoded(pixels).catch(() => null);
        if (data !== null) await write(data, thumbnail);
      },
    },
    keep: (original, data) => write(data, ownThumbnail(original)),
    pathOf: (original) => shownPath(original, (path) => made.has(basename(path))),
  };
}

/** Draws the thumbnail of an image. Rejects with sharp's error, or as `withImage`. */
async function draw(original: string, notes: DecodingNotes): Promise<Buffer> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  sharp.cache(false);
  const wanted = { fit: 'inside', boxes: [{ widthPx: SIDE_PX, heightPx: SIDE_PX }] } as const;
  return withImage(original, { wanted, extraBytes: ENCODER_BYTES, notes }, (image) =>
    decodeOpened(image, (options) =>
      // Given a path, sharp shrinks the image while it reads it.
      encoded(sharp(image.input, options)),
    ),
  );
}

function encoded(image: Sharp): Promise<Buffer> {
  return image
    .resize({ width: SIDE_PX, height: SIDE_PX, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 72, effort: 2 })
    .toBuffer();
}

function asOutput({ path, format, bytes, sha256, widthPx, heightPx }: ImageFile): ThumbnailSource {
  return { path, format, bytes, sha256, width: widthPx, height: heightPx };
}

/** Writes a thumbnail, flushed: no later check finds one that a power cut has damaged. */
async function writeThumbnail(data: Buffer, path: string): Promise<void> {
  await ensureDir(dirname(path));
  const temporary = newTemporaryPath(path);
  await writeFlushed(temporary, data);
  await rename(temporary, path);
}

/** Jobs in a gallery, at most, the first ones of a run: a browser handles these without trouble. */
export const maxGalleryJobs = 20_000;

/** Size up to which an image is its own thumbnail: a smaller file would not load faster. */
const SMALL_BYTES = 40_000;
/** The same in pixels: a few kilobytes may be an image that fills the memory of a browser. */
const SMALL_PIXELS = 4_000_000;
/** Formats that every browser shows. */
const SHOWN_FORMATS = new Set(['png', 'jpeg', 'webp', 'avif', 'gif']);

/** The fields that decide the name of a thumbnail. */
type ThumbnailSource = Pick<OutcomeFile, 'path' | 'bytes' | 'format' | 'sha256' | 'width' | 'height'>;

/**
 * The path of an original's thumbnail, relative to the run folder: itself if it is small enough,
 * else a file in `.thumbs`.
 */
export function thumbnailPath(original: ThumbnailSource): string {
  const { path, bytes, format, width, height } = original;
  const isSmall = bytes <= SMALL_BYTES && (width ?? 0) * (height ?? 0) <= SMALL_PIXELS;
  return isSmall && SHOWN_FORMATS.has(format) ? path : ownThumbnail(original);
}

/** The path of an original's own thumbnail, relative to the run folder, also of a small image. */
export function ownThumbnail({ sha256 }: Pick<OutcomeFile, 'sha256'>): string {
  // No image folder of the run can have this name: none begins with a dot.
  return `.thumbs/${sha256.slice(0, 20).replaceAll(/\W/g, '_')}.webp`;
}

/**
 * Returns the path of the image to show for an original: a thumbnail of its own that `isMade`, else
 * itself if it is small; null if there is none.
 */
export function shownPath(original: ThumbnailSource, isMade: (path: string) => boolean): string | null {
  const own = ownThumbnail(original);
  if (isMade(own)) return own;
  return thumbnailPath(original) === original.path ? original.path : null;
}
