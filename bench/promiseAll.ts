// Compares rxposure with `Promise.all` over the official client, on good days and bad ones, and
// prints the table of docs/benchmarks.md: `npm run bench:promise-all`. About four minutes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { SimulatorConfig } from '../src/simulator/index.ts';
import { type FaultShares, startServer } from './startServer.ts';

interface Scene {
  readonly name: string;
  readonly prompts: number;
  readonly server?: SimulatorConfig & FaultShares;
  /** Flags of rxposure besides. */
  readonly flags?: readonly string[];
  /** Kills the program once so many images are on disk, then runs it again. */
  readonly killAt?: number;
}

const scenes: readonly Scene[] = [
  { name: 'a good day', prompts: 200 },
  { name: 'a good day, with `--rate 6000`', prompts: 200, flags: ['--rate', '6000'] },
  { name: 'more prompts than the service takes in a minute', prompts: 1_000 },
  { name: '1 in 50 responses to create requests is lost', prompts: 200, server: { loseResponses: 0.02 } },
  { name: '1 in 50 files is cut while it is downloaded', prompts: 200, server: { cutFiles: 0.02 } },
  { name: 'the program is killed after 100 images, and run again', prompts: 200, killAt: 100 },
];

/** Returns the script and the arguments of a contestant. */
type Words = (prompts: string, out: string, flags: readonly string[]) => readonly string[];

const contestants: readonly { readonly name: string; readonly words: Words }[] = [
  { name: '`Promise.all`', words: (prompts, out) => ['bench/rivals/promiseAll.ts', prompts, out] },
  {
    name: 'rxposure',
    words: (prompts, out, flags) => [
      ...['pipelines/generate.ts', prompts, '--out', out, '--concurrency', '64'],
      ...['--quiet', '--no-gallery', ...flags],
    ],
  },
];

interface Figures {
  readonly saved: number;
  readonly paid: number;
  readonly wallS: number;
}

const root = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
console.log(`| 200 images, unless it says otherwise | ${contestants.map(({ name }) => name).join(' | ')} |`);
console.log('| --- | --- | --- |');
for (const scene of scenes) {
  const cells: string[] = [];
  for (const { words } of contestants) cells.push(describe(await play(scene, words), scene));
  console.log(`| ${scene.name} | ${cells.join(' | ')} |`);
}
await rm(root, { recursive: true, force: true });

function describe({ saved, paid, wallS }: Figures, { prompts }: Scene): string {
  const of = prompts === 200 ? '' : ` of ${prompts.toLocaleString('en')}`;
  return `${saved.toLocaleString('en')}${of} saved, ${paid.toLocaleString('en')} paid, ${wallS.toFixed(0)} s`;
}

async function play({ prompts, server, flags = [], killAt }: Scene, words: Words): Promise<Figures> {
  const folder = await mkdtemp(join(root, 'scene-'));
  const [file, out] = [join(folder, 'prompts.txt'), join(folder, 'out')];
  const lines = Array.from({ length: prompts }, (_, n) => `A still life of ${n + 2} pears by a north window`);
  await writeFile(file, `${lines.join('\n')}\n`);
  const service = await startServer({ render: 'fast', coldStarts: false, ...server });
  const startedAt = performance.now();
  const start = () =>
    spawn(process.execPath, ['--import', 'tsx', ...words(file, out, flags)], {
      env: { ...process.env, ...service.env },
      stdio: 'ignore',
    });
  if (killAt !== undefined) await killOnce(start(), out, killAt);
  const child = start();
  if (child.exitCode === null) await once(child, 'exit');
  const wallS = (performance.now() - startedAt) / 1_000;
  const saved = await countImages(out);
  // Predictions in flight at the service are paid, too, although the program is gone.
  for (let open = 1; open > 0; { inFlight: open } = await service.stats()) await setTimeout(200);
  const { succeeded } = await service.stats();
  service.close();
  return { saved, paid: succeeded, wallS };
}

async function killOnce(child: ChildProcess, out: string, images: number): Promise<void> {
  while ((await countImages(out)) < images) await setTimeout(20);
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Counts the images that are whole and have their name. */
async function countImages(out: string): Promise<number> {
  const names = await readdir(out).catch(() => []);
  const images = names.filter((name) => name.endsWith('.webp') && !name.startsWith('.'));
  const sizes = await Promise.all(images.map(async (name) => (await stat(join(out, name))).size));
  return sizes.filter((bytes) => bytes > 0).length;
}
