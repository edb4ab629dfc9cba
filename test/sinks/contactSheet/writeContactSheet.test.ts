import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { sheetCells, writeContactSheet } from '../../../src/sinks/contactSheet/contactSheet.ts';
import type { SheetCell } from '../../../src/sinks/contactSheet/page.ts';
import { sheetLayout } from '../../../src/sinks/contactSheet/page.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const cellOf = (fields: Partial<SheetCell> = {}): SheetCell => ({
  picture: 'wide.png',
  ratio: 2,
  reason: '',
  title: '1 · post',
  text: 'a <cat> & "dog"',
  ...fields,
});

async function write(cells: readonly SheetCell[]): Promise<string[]> {
  const blue = sharp({ create: { width: 100, height: 50, channels: 3, background: '#0000ff' } });
  await blue.toFile(join(folder(), 'wide.png'));
  async function* each() {
    yield* cells;
  }
  await writeContactSheet(folder(), each(), cells.length);
  return (await readdir(folder())).filter((name) => name.startsWith('contact-sheet')).sort();
}

/** Returns the colour of a pixel of the first page. */
async function colourAt(left: number, top: number): Promise<number[]> {
  const data = await sharp(join(folder(), 'contact-sheet.jpg'))
    .extract({ left, top, width: 1, height: 1 })
    .raw()
    .toBuffer();
  return [...data];
}

describe('contact-sheet.jpg', () => {
  it('shows each image in its cell, in rows as high as their highest image', async () => {
    const { widthPx, headPx, marginPx, cellPx, captionPx } = sheetLayout(3);
    expect(await write([cellOf(), cellOf(), cellOf({ ratio: 2 })])).toEqual(['contact-sheet.jpg']);
    const { width, height } = await sharp(join(folder(), 'contact-sheet.jpg')).metadata();
    expect([width, height]).toEqual([widthPx, headPx + 2 * (cellPx / 2 + captionPx) + marginPx]);
    const x = marginPx + cellPx / 2;
    const [red = 255, green = 255, blue = 0] = await colourAt(x, headPx + 100);
    expect(red + green).toBeLessThan(20);
    expect(blue).toBeGreaterThan(240);
    expect((await colourAt(x + cellPx / 2 + 10, headPx + 100))[0]).toBeGreaterThan(240);
  });

  it('continues on further pages of 8 megapixels, and deletes pages that are no longer needed', async () => {
    const many = Array.from({ length: 250 }, (_, index) =>
      cellOf({ ratio: index % 2 === 0 ? 2 : 0.5, picture: null }),
    );
    await writeFile(join(folder(), 'contact-sheet-9.jpg'), 'not ours: the ones before it are missing');
    expect(await write(many)).toEqual([
      'contact-sheet-2.jpg',
      'contact-sheet-3.jpg',
      'contact-sheet-9.jpg',
      'contact-sheet.jpg',
    ]);
    const { width, height } = await sharp(join(folder(), 'contact-sheet.jpg')).metadata();
    expect(width * height).toBeLessThanOrEqual(8_000_000);
    expect(await write([cellOf()])).toEqual(['contact-sheet-9.jpg', 'contact-sheet.jpg']);
  });

  it('leaves a cell empty if its image cannot be read, and writes no sheet without images', async () => {
    expect(await write([])).toEqual([]);
    expect(await write([cellOf({ picture: 'gone.png' }), cellOf()])).toEqual(['contact-sheet.jpg']);
    const { headPx, marginPx } = sheetLayout(2);
    expect((await colourAt(marginPx + 50, headPx + 50))[0]).toBeGreaterThan(240);
  });

  it.each([1, 2, 16, 60, 1_000])('has pages of a good size for %i images', (images) => {
    const { widthPx, maxHeightPx, headPx, cellPx, captionPx, marginPx } = sheetLayout(images);
    expect(widthPx * maxHeightPx).toBeLessThanOrEqual(8_000_000);
    expect(maxHeightPx).toBeGreaterThan(headPx + cellPx + captionPx + marginPx);
    expect(widthPx).toBeLessThan(3_000);
  });
});

describe('the cells of an outcome', () => {
  const thumbnails = { pathOf: () => '.thumbs/x.webp' };
  const file = {
    name: 'original',
    path: 'a.png',
    width: 200,
    height: 100,
    format: 'png',
    bytes: 1,
    sha256: '',
  };

  it('are its originals, captioned with number, tags and prompt', () => {
    const outcome = anOutcome({
      index: 4,
      tags: { platform: 'post', mood: '' },
      files: [
        { role: 'original', ...file },
        { role: 'rendition', ...file },
        { role: 'original', ...file, width: null, height: null, format: 'mp4' },
      ],
    });
    expect(sheetCells(outcome, thumbnails)).toMatchObject([
      { picture: '.thumbs/x.webp', ratio: 2, title: '5 · post', text: outcome.prompt },
      { picture: null, ratio: 1, reason: 'mp4' },
    ]);
  });

  it('show the reason of a failure; a job that never began has none', () => {
    const error = { name: 'E', code: 'ERR_X', message: 'm', recoverable: true, suggestion: 's' };
    expect(sheetCells(anOutcome({ status: 'failed', error }), thumbnails)).toMatchObject([
      { picture: null, reason: 'ERR_X' },
    ]);
    expect(sheetCells(anOutcome({ status: 'skipped', error }), thumbnails)).toEqual([]);
    // An incomplete job shows the images that it has.
    const files = [{ role: 'original' as const, ...file }];
    expect(sheetCells(anOutcome({ status: 'failed', error, files }), thumbnails)).toMatchObject([
      { picture: '.thumbs/x.webp', ratio: 2 },
      { picture: null, reason: 'ERR_X' },
    ]);
  });
});
