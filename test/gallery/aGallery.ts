import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { writeGallery } from '../../src/sinks/gallery/galleryPage.ts';
import { openThumbnails } from '../../src/sinks/gallery/thumbnails.ts';
import { createReport } from '../../src/sinks/report/report.ts';
import type { Outcome } from '../../src/types.ts';
import { anOutcome } from '../helpers/anOutcome.ts';

const shapes = [
  { width: 256, height: 256, background: '#7a9e9f' },
  { width: 256, height: 144, background: '#c9ada7' },
  { width: 144, height: 256, background: '#22577a' },
] as const;
const platforms = ['instagram_post', 'twitter_post', 'instagram_story'];
const moods = ['dawn', 'noon', 'dusk', 'night'];

/**
 * Outcome `index` of a mixed run: three platforms in four moods; every tenth failed, every 25th
 * skipped.
 */
export function aMixedOutcome(index: number, fields: Partial<Outcome> = {}): Outcome {
  const shape = index % 3;
  const { width, height } = shapes[shape] ?? shapes[0];
  const status = index % 25 === 24 ? 'skipped' : index % 10 === 9 ? 'failed' : 'saved';
  const prompt = `A lighthouse number ${index} above a calm sea, seen from a small boat in the evening, long exposure, 35 mm, soft light`;
  const startMs = Date.UTC(2026, 10, 23, 9) + index * 400;
  const sha256 = index.toString(16).padStart(20, '0').padEnd(64, 'a');
  const file = { width, height, format: 'jpeg', bytes: 3_000, sha256 };
  return anOutcome({
    index,
    status,
    prompt,
    model: index % 2 === 0 ? 'black-forest-labs/flux-schnell' : 'black-forest-labs/flux-dev',
    input: { prompt, seed: 1_000 + index, aspect_ratio: '1:1' },
    tags: { platform: platforms[shape] ?? '', mood: moods[index % 4] ?? '' },
    predictionId: `prediction${String(index).padStart(16, '0')}`,
    files:
      status === 'saved'
        ? [
            { role: 'original', name: 'original', path: `pictures/${shape}.jpg`, ...file },
            {
              role: 'rendition',
              name: 'thumb',
              path: `pictures/${shape}--thumb.jpg`,
              ...file,
              width: 64,
              height: 64,
            },
          ]
        : [],
    metrics: { predict_time: 1 + (index % 17) / 10, total_time: 2 + (index % 17) / 10 },
    costUsd: status === 'saved' ? 0.003 : 0,
    createdAt: new Date(startMs).toISOString(),
    completedAt: new Date(startMs + 2_000).toISOString(),
    ...(status === 'saved'
      ? {}
      : {
          error: {
            name: 'PredictionError',
            code: status === 'failed' ? 'ERR_PREDICTION_FAILED' : 'ERR_STOPPED',
            message:
              status === 'failed' ? 'NSFW content was found' : 'The run was stopped before this job began.',
            recoverable: status === 'skipped',
            suggestion: 'Change the prompt.',
          },
        }),
    ...fields,
  });
}

/** Writes the gallery of some outcomes, and the images that they name, into a folder. */
export async function writeGalleryOf(
  folder: string,
  outcomes: readonly Outcome[],
  service: string | null = null,
): Promise<string> {
  await mkdir(join(folder, 'pictures'), { recursive: true });
  for (const [shape, { width, height, background }] of shapes.entries()) {
    const picture = sharp({ create: { width, height, channels: 3, background } });
    await writeFile(join(folder, 'pictures', `${shape}.jpg`), await picture.clone().jpeg().toBuffer());
    await writeFile(
      join(folder, 'pictures', `${shape}--thumb.jpg`),
      await picture.resize(64, 64).jpeg().toBuffer(),
    );
  }
  const builder = createReport({ priceOf: () => '$0.003 an image', service });
  for (const outcome of outcomes) builder.add(outcome);
  await writeGallery(folder, {
    outcomes: each(outcomes),
    report: builder.toJSON({ elapsedMs: 60_000 }),
    thumbnails: await openThumbnails(folder),
  });
  return join(folder, 'gallery.html');
}

export async function* each<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
