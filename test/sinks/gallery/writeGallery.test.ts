import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildGallery } from '../../../gallery/buildGallery.ts';
import type { GalleryData } from '../../../src/sinks/gallery/galleryData.ts';
import { writeGallery } from '../../../src/sinks/gallery/galleryPage.ts';
import { createReport } from '../../../src/sinks/report/report.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const picture = {
  role: 'original',
  name: 'original',
  path: 'a/b.png',
  width: 10,
  height: 20,
  format: 'png',
  bytes: 5,
  sha256: '00',
} as const;

async function write(outcomes: Iterable<Outcome>): Promise<{ html: string; data: GalleryData }> {
  const report = createReport().toJSON({ elapsedMs: 0 });
  async function* each() {
    yield* outcomes;
  }
  const thumbnails = { pathOf: () => '.thumbs/00.webp' };
  await writeGallery(folder(), { outcomes: each(), report, thumbnails });
  const html = await readFile(join(folder(), 'gallery.html'), 'utf8');
  const [, json = ''] = /id="data">([\s\S]*?)<\/script>/.exec(html) ?? [];
  return { html, data: JSON.parse(json) };
}

describe('gallery.html', () => {
  it('has the fields of each outcome that the page needs, and no more', async () => {
    const { data } = await write([
      anOutcome({ input: { prompt: 'another', seed: 1 }, files: [picture], version: 'hidden', cached: true }),
      anOutcome({ index: 1, prompt: 'a cat', costUsd: null, predictionId: null, metrics: {} }),
    ]);
    expect(data.jobs).toEqual([
      {
        index: 0,
        status: 'saved',
        prompt: 'a cat, "sleeping"\nin the sun ☀️',
        model: 'owner/name',
        attempts: 1,
        input: { prompt: 'another', seed: 1 },
        predictionId: 'p1',
        files: [
          {
            name: 'original',
            path: 'a/b.png',
            width: 10,
            height: 20,
            format: 'png',
            bytes: 5,
            thumb: '.thumbs/00.webp',
            sha256: '00',
          },
        ],
        predictS: 3.2,
        costUsd: 0.003,
        cached: true,
      },
      { index: 1, status: 'saved', prompt: 'a cat', model: 'owner/name', attempts: 1, input: { seed: 1 } },
    ]);
    expect(await readdir(folder())).toEqual(['gallery.html']);
  });

  it('lets no text end its element or begin another', async () => {
    const prompt = '</script><script>alert(1)</script><!-- <img onerror=alert(2)>';
    const { html, data } = await write([anOutcome({ prompt, tags: { [prompt]: prompt } })]);
    expect(data.jobs[0]).toMatchObject({ prompt, tags: { [prompt]: prompt } });
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).not.toMatch(/<img|<!--/);
  });

  it('runs its own script and style only', async () => {
    const { html } = await write([]);
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    const hashOf = (text = '') => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hashOf(/<script>([\s\S]*?)<\/script>/.exec(html)?.[1])}`,
      `style-src ${hashOf(/<style>([\s\S]*?)<\/style>/.exec(html)?.[1])}`,
      "img-src 'self' file:",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
  });

  it('shortens texts beyond 10,000 characters, and marks them', async () => {
    const { data } = await write([
      anOutcome({ prompt: 'x'.repeat(20_000) }),
      anOutcome({ index: 1, input: { image: `data:${'y'.repeat(20_000)}`, list: ['z'.repeat(20_000)] } }),
      anOutcome({ index: 2 }),
    ]);
    expect(data.jobs.map(({ isCut }) => isCut)).toEqual([true, true, undefined]);
    expect(JSON.stringify(data.jobs).length).toBeLessThan(32_000);
  });

  it('shows the first jobs of a run that no browser could hold', async () => {
    function* many() {
      for (let index = 0; index < 20_010; index += 1) yield anOutcome({ index, prompt: 'x' });
    }
    expect((await write(many())).data.jobs).toHaveLength(20_000);
  });
});

it('galleryAssets.ts is up to date with gallery/: run `npm run build:gallery` if this fails', async () => {
  expect(await readFile('src/sinks/gallery/galleryAssets.ts', 'utf8')).toBe(await buildGallery());
});
