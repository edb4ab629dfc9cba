// Measures renditions: three of each of 200 images of 1024 x 1024, against a loop in which each has
// its own sharp; the memory of a run with 50 predictions in flight; and the cost of formats and
// efforts. `npm run bench:renditions`. Linux, eight minutes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { encodeRendition } from '../src/renditions/encode.ts';
import { parseRendition } from '../src/renditions/notation.ts';
import { createOverlays } from '../src/renditions/overlays.ts';
import { drawPhotographs } from './drawPhotographs.ts';
import { measure } from './measure.ts';
import type { RenditionsMeasured, RenditionsTask } from './renditionsTask.ts';
import { startServer } from './startServer.ts';

const IMAGES = Number(process.argv[2] ?? 200);
const ROUNDS = 3;
const IN_FLIGHT = 50;
const renditions = ['square=1080x1080,jpeg,80', 'story=1080x1920,webp,80', 'ad=1200x628,webp,80'];
const folder = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
const originals = await drawPhotographs(folder, IMAGES);

console.log(`Three renditions of ${IMAGES} PNGs of 1024 x 1024, ${ROUNDS} rounds in turns`);
const ways = [
  { how: 'plain', name: 'a sharp(buffer) for each, with defaults', bar: '' },
  { how: 'each', name: 'a sharp(buffer) for each, with our encoders', bar: ' (bar: at most 0.97)' },
] as const;
const ratios = new Map<string, number[]>();
for (let round = 0; round < ROUNDS; round += 1) {
  const ours = await task({ how: 'once', inFlight: IN_FLIGHT });
  show('one decode for all, flushed and hashed', ours);
  for (const { how, name } of ways) {
    const theirs = await task({ how, inFlight: IN_FLIGHT });
    ratios.set(how, [...(ratios.get(how) ?? []), ours.cpuS / theirs.cpuS]);
    show(name, theirs);
  }
}
for (const { how, name, bar } of ways) {
  const median = ratios.get(how)?.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  console.log(`  CPU, ours / ${name}: ${median.toFixed(3)}${bar}`);
}

console.log(`\nA whole run of ${IMAGES} PNGs of 1024 x 1024, ${IN_FLIGHT} in flight, three renditions`);
const prompts = join(folder, 'prompts.txt');
await writeFile(
  prompts,
  Array.from({ length: IMAGES }, (_, n) => `A still life of ${n + 2} pears\n`).join(''),
);
const server = await startServer({ medianMs: 1_000, sigma: 0, createPerMinute: 1e6, createBurst: 1e6 });
const flags = renditions.flatMap((rendition) => ['--rendition', rendition]);
const run = await measure(
  'pipelines/generate.ts',
  [
    ...[prompts, '--out', join(folder, 'out'), '--quiet', '--rate', '100000'],
    ...['--concurrency', `${IN_FLIGHT}`, '--input', 'output_format=png', ...flags],
  ],
  server.env,
);
server.close();
show(`exit ${run.exitCode}`, run);
console.log('  (bar: at most 600 MB)');

console.log(
  '\nOne rendition of 1080 x 1080, quality 80, medians of 5 images\n\n| options | ms | kB |\n| --- | --- | --- |',
);
const encodings = [
  ...['jpeg', 'jpeg,chroma=4:4:4', 'jpeg,progressive=no'],
  ...['webp,effort=0', 'webp', 'webp,effort=4', 'webp,effort=6', 'webp,lossless'],
  ...['avif,effort=0', 'avif', 'avif,effort=4', 'avif,chroma=4:2:0'],
  ...['png', 'png,palette', 'png,palette,effort=1'],
  ...['webp,max=120kB', 'jpeg,sharpen', 'jpeg,attention', 'jpeg,caption=A caption of some words'],
];
for (const encoding of encodings) await cost(encoding);
await rm(folder, { recursive: true, force: true });

async function task(changes: Pick<RenditionsTask, 'how' | 'inFlight'>): Promise<RenditionsMeasured> {
  const child = fork(new URL('renditionsTask.ts', import.meta.url));
  child.send({ originals, renditions, out: folder, ...changes } satisfies RenditionsTask);
  const [measured] = await once(child, 'message');
  await once(child, 'exit');
  return measured;
}

function show(name: string, { wallS, cpuS, peakMb }: RenditionsMeasured): void {
  console.log(
    `  ${name}: ${wallS.toFixed(1)} s wall, ${cpuS.toFixed(1)} s CPU, ${peakMb.toFixed(0)} MB peak`,
  );
}

/** Prints the time and size of one encoding from decoded pixels, as runs make it. */
async function cost(options: string): Promise<void> {
  const spec = parseRendition(`way=1080x1080,80,${options}`);
  const overlays = createOverlays();
  sharp.concurrency(1);
  const tookMs: number[] = [];
  const sizes: number[] = [];
  for (const { path } of originals.slice(0, 5)) {
    const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const beganMs = performance.now();
    const made = await encodeRendition(sharp(data, { raw: { width, height, channels } }), spec, { overlays });
    tookMs.push(performance.now() - beganMs);
    sizes.push(made.data.length / 1_000);
  }
  const middle = (values: number[]) => values.toSorted((a, b) => a - b)[2] ?? 0;
  console.log(`| \`${options}\` | ${middle(tookMs).toFixed(0)} | ${middle(sizes).toFixed(0)} |`);
}
