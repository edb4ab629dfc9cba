// Makes 200 images with several models on the simulator, which takes each model's time, and prints
// the table of README.md: their cost and time. `npm run bench:two-hundred`, about five minutes.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startServer } from './startServer.ts';

const root = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
const prompts = join(root, 'prompts.txt');
const lines = Array.from({ length: 200 }, (_, n) => `A still life of ${n + 2} pears by a north window`);
await writeFile(prompts, `${lines.join('\n')}\n`);

console.log('| model | cost | time |');
console.log('| --- | --- | --- |');
for (const name of ['flux-schnell', 'flux-dev', 'flux-1.1-pro']) {
  const model = `black-forest-labs/${name}`;
  const out = join(root, name);
  // A process of its own, and prepared images: drawing them would take the time of this machine.
  const service = await startServer({ render: 'fast' });
  const flags = ['--model', model, '--quiet', '--out', out];
  const words = ['--import', 'tsx', 'pipelines/generate.ts', prompts, ...flags];
  const startedAt = performance.now();
  await promisify(execFile)(process.execPath, words, { env: { ...process.env, ...service.env } });
  const wallS = (performance.now() - startedAt) / 1_000;
  service.close();
  const { run } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
  console.log(`| \`${model}\` | $${run.costUsd.toFixed(2)} | ${Math.round(wallS)} s |`);
}
await rm(root, { recursive: true, force: true });
