import { randomBytes } from 'node:crypto';
import { readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../../../src/errors.ts';
import { parseRendition } from '../../../src/renditions/notation.ts';
import { createRenderer } from '../../../src/renditions/renderer.ts';
import { openThumbnails } from '../../../src/sinks/gallery/thumbnails.ts';
import type { ImageFile, OutcomeFile } from '../../../src/types.ts';
import { plainWebp } from '../../helpers/poisons.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

function fileOf(path: string, fields: Partial<OutcomeFile> = {}): OutcomeFile {
  const sha256 = Buffer.from(path.padEnd(32, '.')).toString('hex');
  return {
    role: 'original',
    name: 'original',
    path,
    width: 900,
    height: 600,
    format: 'png',
    bytes: 900_000,
    sha256,
    ...fields,
  };
}

async function draw(path: string): Promise<OutcomeFile> {
  await sharp({ create: { width: 900, height: 600, channels: 3, background: '#357' } }).toFile(
    join(folder(), path),
  );
  return fileOf(path);
}

it('makes a thumbnail once, small and in the shape of the original', async () => {
  const original = await draw('a.png');
  const thumbnails = await openThumbnails(folder());
  expect(thumbnails.pathOf(original)).toBeNull();
  await thumbnails.make({ index: 0, files: [original] });
  const path = join(folder(), thumbnails.pathOf(original) ?? '');
  expect(await sharp(path).metadata()).toMatchObject({ format: 'webp', width: 440, height: 293 });
  await utimes(path, 1, 1);
  const again = await openThumbnails(folder());
  await again.make({ index: 0, files: [original] });
  expect((await stat(path)).mtimeMs).toBe(1_000);
  expect(await readdir(join(folder(), '.thumbs'))).toHaveLength(1);
});

it('makes the thumbnail of an original from the decode of its renditions', async () => {
  const file = await draw('a.png');
  const thumbnails = await openThumbnails(folder());
  const { width: widthPx, height: heightPx, ...facts } = file;
  const original: ImageFile = { ...facts, path: join(folder(), 'a.png'), widthPx, heightPx };
  const renderer = createRenderer({ preview: thumbnails.preview });
  // Much smaller than the thumbnail: the decode must not be.
  const icon = parseRendition('icon=16x16');
  await lastValueFrom(renderer.render(original, [icon], join(folder(), 'a')));
  const path = join(folder(), thumbnails.pathOf(file) ?? '');
  expect(await sharp(path).metadata()).toMatchObject({ format: 'webp', width: 440, height: 293 });
  await utimes(path, 1, 1);
  await lastValueFrom(renderer.render(original, [icon], join(folder(), 'b')));
  await thumbnails.make({ index: 0, files: [file] });
  expect((await stat(path)).mtimeMs).toBe(1_000);
});

it('leaves a thumbnail that cannot be drawn from a decode for later', async () => {
  const file = await draw('a.png');
  const thumbnails = await openThumbnails(folder());
  const original = { ...file, path: join(folder(), 'a.png'), widthPx: 900, heightPx: 600 };
  await thumbnails.preview.draw(original, sharp(Buffer.from('no image')));
  expect(thumbnails.pathOf(file)).toBeNull();
});

it('shows a small image itself, and has no thumbnail of renditions, films and jobs that no gallery shows', async () => {
  const thumbnails = await openThumbnails(folder());
  const small = fileOf('small.webp', { bytes: 5_000, format: 'webp' });
  const film = fileOf('film.mp4', { width: null, height: null, format: 'mp4' });
  const rendition = fileOf('a--b.png', { role: 'rendition' });
  await thumbnails.make({ index: 0, files: [small, film, rendition] });
  await thumbnails.make({ index: 20_000, files: [await draw('late.png')] });
  expect(thumbnails.pathOf(small)).toBe('small.webp');
  expect(thumbnails.pathOf(film)).toBeNull();
  await expect(readdir(join(folder(), '.thumbs'))).rejects.toThrow('ENOENT');
});

it('makes one of a small image too, if that does not stay', async () => {
  const small = { ...(await draw('small.png')), bytes: 5_000, width: 90, height: 60 };
  const thumbnails = await openThumbnails(folder(), { coversAll: true });
  expect(thumbnails.pathOf(small)).toBe('small.png');
  await thumbnails.make({ index: 0, files: [small] });
  await rm(join(folder(), 'small.png'));
  for (const opened of [thumbnails, await openThumbnails(folder())]) {
    const path = join(folder(), opened.pathOf(small) ?? '');
    expect(await sharp(path).metadata()).toMatchObject({ format: 'webp' });
  }
});

it('shows a large image by a thumbnail, however few bytes it has', async () => {
  const thumbnails = await openThumbnails(folder());
  const large = { ...(await draw('large.png')), bytes: 2_000, width: 9_000, height: 6_000 };
  expect(thumbnails.pathOf(large)).toBeNull();
  await thumbnails.make({ index: 0, files: [large] });
  expect(thumbnails.pathOf(large)).toMatch(/^\.thumbs\//);
});

describe('check', () => {
  const imageOf = ({ path, bytes, sha256, format, width, height }: OutcomeFile): ImageFile => ({
    ...{ path: join(folder(), path), bytes, sha256, format, widthPx: width, heightPx: height },
  });

  it('makes the thumbnail of an original that is to be saved', async () => {
    const original = await draw('a.png');
    const thumbnails = await openThumbnails(folder());
    await thumbnails.check(imageOf(original));
    const path = thumbnails.pathOf(original) ?? '';
    await utimes(join(folder(), path), 1, 1);
    await thumbnails.check(imageOf(original));
    await thumbnails.make({ index: 0, files: [original] });
    expect((await stat(join(folder(), path))).mtimeMs).toBe(1_000);
  });

  it.each([900_000, 900])(
    'refuses one that is cut, also one of %d bytes, and makes nothing',
    async (bytes) => {
      const original = { ...(await draw('a.png')), bytes };
      const { size } = await stat(join(folder(), 'a.png'));
      await truncate(join(folder(), 'a.png'), Math.floor(size / 2));
      const thumbnails = await openThumbnails(folder());
      await expect(thumbnails.check(imageOf(original))).rejects.toMatchObject({ code: 'ERR_UNDECODABLE' });
      expect(await readdir(folder())).toEqual(['a.png']);
    },
  );

  it('skips files that are no images, and images that take too much memory', async () => {
    const thumbnails = await openThumbnails(folder());
    const film = imageOf(fileOf('film.mp4', { width: null, height: null, format: 'mp4' }));
    await thumbnails.check(film);
    const huge = fileOf('huge.webp', { format: 'webp', bytes: 38, width: 16_383, height: 16_383 });
    await writeFile(join(folder(), 'huge.webp'), await plainWebp(16_383));
    await thumbnails.check(imageOf(huge));
    expect(thumbnails.pathOf(huge)).toBeNull();
  });

  it('blames the disk if the original is gone', async () => {
    const thumbnails = await openThumbnails(folder());
    await expect(thumbnails.check(imageOf(fileOf('gone.png')))).rejects.toThrow(StorageError);
  });
});

it('skips an original that is damaged or missing', async () => {
  const thumbnails = await openThumbnails(folder());
  const damaged = fileOf('damaged.png');
  await writeFile(join(folder(), damaged.path), randomBytes(1_000));
  const files = [damaged, fileOf('gone.png'), await draw('good.png')];
  await thumbnails.make({ index: 0, files });
  expect(files.map((file) => thumbnails.pathOf(file) !== null)).toEqual([false, false, true]);
});

it('makes a deleted thumbnail again', async () => {
  const original = await draw('a.png');
  await (await openThumbnails(folder())).make({ index: 0, files: [original] });
  await rm(join(folder(), '.thumbs'), { recursive: true });
  const thumbnails = await openThumbnails(folder());
  await thumbnails.make({ index: 0, files: [original] });
  expect(thumbnails.pathOf(original)).not.toBeNull();
});
