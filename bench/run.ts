// Compares speed, CPU and memory with a user's alternatives: `npm run bench`. Linux, a few minutes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulatorConfig } from '../src/simulator/index.ts';
import { type Measurement, measure } from './measure.ts';
import { startServer } from './startServer.ts';

const folder = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
const renditions = ['square=1080x1080,jpeg,80', 'story=1080x1920,webp,80', 'ad=1200x628,webp,80'];

interface Contestant {
  readonly name: string;
  readonly script: string;
  readonly args: (prompts: string, out: string) => string[];
}
const bareFetch: Contestant = {
  name: 'bare fetch, Prefer: wait',
  script: 'bench/rivals/bareFetch.ts',
  args: (prompts, out) => [prompts, out, '10'],
};
const officialClient: Contestant = {
  name: 'official client, sharp in its slot',
  script: 'bench/rivals/officialClient.ts',
  args: (prompts, out) => [prompts, out, '10'],
};
const ours = (...flags: string[]): Contestant => ({
  name: 'rxposure',
  script: 'pipelines/generate.ts',
  args: (prompts, out) => [prompts, '--out', out, '--quiet', ...flags],
});

async function promptFile(count: number): Promise<string> {
  const path = join(folder, `${count}.txt`);
  const prompts = Array.from({ length: count }, (_, n) => `A still life of ${n + 2} pears by a north window`);
  await writeFile(path, `${prompts.join('\n')}\n`);
  return path;
}

async function contest(
  title: string,
  count: number,
  server: SimulatorConfig,
  contestants: readonly Contestant[],
  rounds = 3,
) {
  console.log(`\n${title}`);
  const best: Measurement[] = [];
  const prompts = await promptFile(count);
  for (const { name, script, args } of contestants) {
    const runs: Measurement[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const service = await startServer(server);
      const out = join(folder, 'out');
      runs.push(await measure(script, args(prompts, out), service.env));
      const { apiRequests, created, maxInFlight, tokensAtFileHost } = await service.stats();
      if (round === rounds - 1) {
        const requests = (apiRequests / count).toFixed(2);
        console.log(
          `  ${name}: ${created} predictions, ${requests} requests an image, ${maxInFlight} in flight at most, ${tokensAtFileHost} tokens at the file host`,
        );
      }
      service.close();
      await rm(out, { recursive: true, force: true });
    }
    const median = runs.sort((a, b) => a.wallS - b.wallS)[Math.floor(runs.length / 2)];
    if (median !== undefined) best.push(median);
    const { wallS = 0, cpuS = 0, peakMb = 0, exitCode = -1 } = median ?? {};
    console.log(
      `    median of ${rounds}: ${wallS.toFixed(2)} s wall, ${cpuS.toFixed(1)} s CPU, ${peakMb.toFixed(0)} MB peak, exit ${exitCode}`,
    );
  }
  return best;
}

const ratio = (a: number | undefined, b: number | undefined) => ((a ?? 0) / (b ?? 1)).toFixed(3);

const plain = { medianMs: 1_600, sigma: 0, render: 'fast' } as const;
const [bare, direct] = await contest('60 prompts, concurrency 10, predictions of 1.6 s', 60, { ...plain }, [
  bareFetch,
  ours(),
]);
console.log(`  rxposure / bare fetch: ${ratio(direct?.wallS, bare?.wallS)} (bar: at most 1.05)`);

const flags = renditions.flatMap((rendition) => ['--rendition', rendition]);
for (const medianMs of [2_000, 1_000]) {
  const [theirs, own] = await contest(
    `60 prompts, concurrency 10, three renditions each, predictions of ${medianMs / 1_000} s`,
    60,
    { ...plain, medianMs, render: 'full' },
    [officialClient, ours(...flags)],
  );
  console.log(`  rxposure / official client: ${ratio(own?.wallS, theirs?.wallS)} (bar at 2 s: at most 0.88)`);
}

const load = { ...plain, medianMs: 5, createPerMinute: 1_000_000, createBurst: 1_000_000 } as const;
const fast = ['--concurrency', '50', '--rate', '100000'];
const [small] = await contest('1,000 tiny images, concurrency 50', 1_000, load, [ours(...fast)], 1);
const [large] = await contest('12,000 tiny images, concurrency 50', 12_000, load, [ours(...fast)], 1);
console.log(
  `  memory, 12,000 / 1,000: ${ratio(large?.peakMb, small?.peakMb)} (bar: at most 1.35, and 350 MB)`,
);

await rm(folder, { recursive: true, force: true });
