import { randomBytes } from 'node:crypto';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { openThumbnails } from '../../../src/sinks/gallery/thumbnails.ts';
import type { OutcomeFile } from '../../../src/types.ts';
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
