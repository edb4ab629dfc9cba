import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawPhotographs } from '../drawPhotographs.ts';
import type { RenditionsMeasured, RenditionsTask } from '../renditionsTask.ts';
import type { Runs } from './contest.ts';
import { type Table, tableOf } from './tables.ts';

const sets = {
  'three of 1080 to 1920 px': ['square=1080x1080,jpeg,80', 'story=1080x1920,webp,80', 'ad=1200x628,webp,80'],
  'one of 256 px': ['small=256x256,contain,jpeg,95'],
} as const;
const ways = { once: 'rxposure', each: 'sharp, our encoders', plain: 'sharp as it comes' } as const;

/** Measures renditions a second of CPU time, from one decode an original, against `sharp` alone. */
export async function renditionRate(images: number, rounds: number): Promise<Table> {
  const out = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
  const originals = await drawPhotographs(out, images);
  const results: (Runs & { runs: Runs['runs'][number][] })[] = [];
  for (const [set, renditions] of Object.entries(sets)) {
    const own = Object.values(ways).map((way) => ({
      name: `${way}, ${set}`,
      runs: [] as Runs['runs'][number][],
    }));
    results.push(...own);
    for (let round = 0; round < rounds; round += 1) {
      for (const [at, how] of (Object.keys(ways) as (keyof typeof ways)[]).entries()) {
        const measured = await task({ how, originals, renditions, out, inFlight: 16 });
        const count = images * renditions.length;
        own[at]?.runs.push({ ...measured, exitCode: 0, requests: count / measured.cpuS });
      }
    }
  }
  await rm(out, { recursive: true, force: true });
  const perCore = {
    title: 'renditions a second a core',
    of: (run: Runs['runs'][number]) => run.requests,
    digits: 1,
    unit: '',
  };
  const title = `Renditions of ${images} PNGs of 1024 x 1024`;
  const text =
    'CPU time alone. img2dataset, which makes one JPEG of 256 px an image, names 1,350 images a second on up to 16 cores: 84 a core.';
  return tableOf({ name: 'renditions-a-core', title, text }, results, [perCore]);
}

async function task(wanted: RenditionsTask): Promise<RenditionsMeasured> {
  const child = fork(new URL('../renditionsTask.ts', import.meta.url));
  child.send(wanted);
  const [measured] = await once(child, 'message');
  await once(child, 'exit');
  return measured;
}
