import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { comparisonLayout, writeComparisonGrid } from '../../../src/sinks/comparison/comparisonGrid.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const colours = { red: '#c02020', green: '#20a040', blue: '#2040c0' } as const;
const axes = { rows: 'prompt', columns: 'model' };

async function picture(row: string, column: keyof typeof colours): Promise<Outcome> {
  const path = `${column}.png`;
  const image = sharp({ create: { width: 64, height: 64, channels: 3, background: colours[column] } });
  await writeFile(join(folder(), path), await image.png().toBuffer());
  const size = { width: 64, height: 64, format: 'png', bytes: 100, sha256: 'a'.repeat(64) };
  return anOutcome({
    tags: { prompt: row, model: column },
    files: [{ role: 'original', name: 'original', path, ...size }],
  });
}
async function* each(outcomes: readonly Outcome[]) {
  yield* outcomes;
}

/** The colour in the middle of a cell. */
async function colourAt(page: string, column: number, row: number, columns: number): Promise<string> {
  const { marginPx, cellPx, gapPx, topPx, captionPx } = comparisonLayout(columns);
  const left = Math.round(marginPx + column * (cellPx + gapPx) + cellPx / 2);
  const top = Math.round(topPx + row * (cellPx + captionPx) + cellPx / 2);
  const { data } = await sharp(join(folder(), page))
    .extract({ left, top, width: 1, height: 1 })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return [...data].map((value) => (value > 100 ? 1 : 0)).join('');
}

it('puts each image in its row and column, and shows why one is missing', async () => {
  const failed = anOutcome({
    status: 'failed',
    tags: { prompt: 'second <b>', model: 'green' },
    error: { name: 'E', code: 'ERR_SAFETY', message: '', recoverable: false, suggestion: '' },
  });
  const outcomes = [
    await picture('first', 'red'),
    await picture('first', 'green'),
    failed,
    await picture('second <b>', 'red'),
  ];
  await writeComparisonGrid(folder(), each(outcomes), axes);
  expect(await colourAt('comparison-grid.jpg', 0, 0, 2)).toBe('100');
  expect(await colourAt('comparison-grid.jpg', 1, 0, 2)).toBe('010');
  expect(await colourAt('comparison-grid.jpg', 0, 1, 2)).toBe('100');
  // A frame of light grey, with the reason in dark red.
  const { marginPx, cellPx, gapPx, topPx, captionPx, widthPx } = comparisonLayout(2);
  const frame = {
    left: marginPx + cellPx + gapPx,
    top: topPx + cellPx + captionPx,
    width: cellPx,
    height: cellPx,
  };
  // Statistics are of the input of sharp, not of its output.
  const cut = await sharp(join(folder(), 'comparison-grid.jpg')).extract(frame).png().toBuffer();
  const { channels } = await sharp(cut).stats();
  expect(channels[0]?.mean).toBeGreaterThan(220);
  expect(channels[0]?.min).toBeLessThan(180);
  expect((await sharp(join(folder(), 'comparison-grid.jpg')).metadata()).width).toBe(widthPx);
});

it('continues on the next page if one is full, and deletes surplus pages of an earlier run', async () => {
  const rows = Array.from({ length: 18 }, (_, index) => `row ${index}`);
  const outcomes = await Promise.all(
    rows.flatMap((row) => [picture(row, 'red'), picture(row, 'blue'), picture(row, 'green')]),
  );
  await writeComparisonGrid(folder(), each(outcomes), axes);
  const pages = () =>
    readdir(folder()).then((names) => names.filter((name) => name.startsWith('comparison')).sort());
  expect(await pages()).toEqual(['comparison-grid-2.jpg', 'comparison-grid.jpg']);
  for (const page of await pages()) {
    const { width = 0, height = 0 } = await sharp(join(folder(), page)).metadata();
    expect(width * height).toBeLessThanOrEqual(12_000_000);
  }
  expect(await colourAt('comparison-grid-2.jpg', 1, 0, 3)).toBe('001');
  await writeComparisonGrid(folder(), each(outcomes.slice(0, 3)), axes);
  expect(await pages()).toEqual(['comparison-grid.jpg']);
});

it('says at its head if the images are simulated', async () => {
  const real = await picture('first', 'red');
  const drawn = { ...(await picture('first', 'blue')), service: 'simulator' };
  /** Dark pixels in the right half of the head, where the note is. */
  const inkOf = async (outcomes: Outcome[]) => {
    await writeComparisonGrid(folder(), each(outcomes), axes);
    const { widthPx } = comparisonLayout(2);
    const half = Math.floor(widthPx / 2);
    const { data } = await sharp(join(folder(), 'comparison-grid.jpg'))
      .extract({ left: half, top: 0, width: widthPx - half, height: 90 })
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return data.filter((value) => value < 180).length;
  };
  const other = await picture('first', 'blue');
  expect(await inkOf([real, drawn])).toBeGreaterThan(2 * (await inkOf([real, other])));
});

it('prefers an image over a failure, and writes nothing without outcomes', async () => {
  const good = await picture('a', 'red');
  const bad = anOutcome({ status: 'failed', tags: good.tags });
  await writeComparisonGrid(folder(), each([bad, good, bad]), axes);
  expect(await colourAt('comparison-grid.jpg', 0, 0, 1)).toBe('100');
  const files = await readdir(folder());
  await writeComparisonGrid(folder(), each([anOutcome()]), axes);
  expect(await readdir(folder())).toEqual(files);
});
