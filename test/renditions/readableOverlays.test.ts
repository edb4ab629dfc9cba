import { truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { readCampaignSpec } from '../../src/pipelines/workflows/campaign/spec.ts';
import { readGridSpec } from '../../src/pipelines/workflows/grid/spec.ts';
import { parseRendition } from '../../src/renditions/notation.ts';
import { readableOverlays } from '../../src/renditions/overlays.ts';
import { tempFile } from '../helpers/tempFile.ts';

async function logo(): Promise<string> {
  const path = await tempFile('logo.png', '');
  await sharp({ create: { width: 40, height: 20, channels: 4, background: '#f60' } }).toFile(path);
  return path;
}

it('resolves overlays from a folder, and leaves renditions without one unchanged', async () => {
  const path = await logo();
  const specs = [parseRendition('plain=1x1'), parseRendition(`branded=1x1,overlay=${basename(path)}`)];
  const resolved = await readableOverlays(specs, dirname(path));
  expect(resolved[0]).toBe(specs[0]);
  expect(resolved[1]).toEqual({ ...specs[1], overlay: { ...specs[1]?.overlay, file: path } });
});

it.each([
  ['is not there', async () => '/nowhere/logo.png', 'there is no such file'],
  ['is a folder', async () => dirname(await logo()), 'it is not a file'],
  ['is no image', async () => tempFile('logo.png', 'not one'), 'unsupported image format'],
  [
    'is cut',
    async () => {
      const path = await logo();
      await truncate(path, 90);
      return path;
    },
    'vipspng',
  ],
])('refuses an overlay that %s', async (_, make, reason) => {
  const path = await make();
  const reading = readableOverlays([parseRendition(`branded=1x1,overlay="${path}"`)], '/');
  await expect(reading).rejects.toThrow(`Cannot read ${path}, the overlay of the rendition branded: `);
  await expect(reading).rejects.toThrow(reason);
});

it('finds overlays of specs relative to their file', async () => {
  const path = await logo();
  const spec = join(dirname(path), 'c.yaml');
  await writeFile(
    spec,
    `theme: sea
platforms: ["instagram_post,overlay=logo.png"]
variations: [calm]
renditions:
  - { name: thumb, width: 64, height: 64, overlay: { file: logo.png, place: north } }
`,
  );
  const { platforms, renditions } = await readCampaignSpec(spec);
  expect([...platforms, ...renditions].map(({ overlay }) => overlay?.file)).toEqual([path, path]);
  await writeFile(spec, 'prompt: sea\nrenditions: ["thumb=6x6,overlay=log.png"]\n');
  await expect(readGridSpec(spec)).rejects.toThrow(
    `${spec}: Cannot read ${join(dirname(path), 'log.png')}, the overlay of the rendition thumb: there is no such file`,
  );
});
