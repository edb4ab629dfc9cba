import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { createOverlays } from '../../src/renditions/overlays.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

async function logo(name = 'logo.png'): Promise<string> {
  const file = join(folder(), name);
  await sharp({ create: { width: 80, height: 40, channels: 3, background: '#f60' } })
    .png()
    .toFile(file);
  return file;
}

const overlay = { place: 'north', scale: 0.2, opacity: 0.5, margin: 0 } as const;

it('decodes an overlay once for each size', async () => {
  const file = await logo();
  const overlays = createOverlays();
  const first = await overlays({ ...overlay, file }, { widthPx: 20, heightPx: 100 });
  expect(first).toMatchObject({ widthPx: 20, heightPx: 10 });
  expect([...first.data.subarray(0, 4)]).toEqual([255, 102, 0, 128]);
  // From here on, decoding it again would fail.
  await writeFile(file, 'no picture any more');
  expect(await overlays({ ...overlay, file, place: 'south' }, { widthPx: 20, heightPx: 100 })).toBe(first);
  await expect(overlays({ ...overlay, file }, { widthPx: 21, heightPx: 100 })).rejects.toThrow();
});

it('caches some 32 MB of them, the most recently used', async () => {
  const file = await logo();
  const overlays = createOverlays();
  const room = (widthPx: number) => ({ widthPx, heightPx: 2_000 });
  const first = await overlays({ ...overlay, file }, room(1_000));
  for (let extra = 1; extra <= 3; extra += 1) await overlays({ ...overlay, file }, room(1_000 + extra));
  expect(await overlays({ ...overlay, file }, room(1_000))).toBe(first);
  await overlays({ ...overlay, file }, room(1_004));
  expect(await overlays({ ...overlay, file }, room(1_000))).toBe(first);
  const second = await overlays({ ...overlay, file }, room(1_001));
  await writeFile(file, 'no picture any more');
  expect(await overlays({ ...overlay, file }, room(1_001))).toBe(second);
  await expect(overlays({ ...overlay, file }, room(1_002))).rejects.toThrow();
});

it('draws an SVG as large as it is needed', async () => {
  const file = join(folder(), 'logo.svg');
  await writeFile(
    file,
    '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="2" height="4"/></svg>',
  );
  const { data, widthPx } = await createOverlays()(
    { ...overlay, opacity: 1, file },
    { widthPx: 400, heightPx: 400 },
  );
  expect(widthPx).toBe(400);
  const alphaAt = (x: number) => data[(200 * 400 + x) * 4 + 3];
  expect([alphaAt(190), alphaAt(210)]).toEqual([255, 0]);
});

it('decodes one again that could not be read', async () => {
  const overlays = createOverlays();
  const file = join(folder(), 'late.png');
  const room = { widthPx: 20, heightPx: 20 };
  await expect(overlays({ ...overlay, file }, room)).rejects.toThrow();
  await logo('late.png');
  expect(await overlays({ ...overlay, file }, room)).toMatchObject({ widthPx: 20, heightPx: 10 });
});
