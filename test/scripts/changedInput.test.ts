import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { startGenerate } from '../chaos/startGenerate.ts';

let root = '';
let simulator: Simulator;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rxposure-changed-'));
  simulator = await startSimulator({ render: 'fast', speed: 10, medianMs: 5_000 });
});
afterEach(async () => {
  await simulator.close();
  await rm(root, { recursive: true, force: true });
});

it.each([
  ['grows', (path: string) => appendFile(path, '\nA plum\nA quince')],
  ['shrinks', (path: string) => truncate(path, 20)],
  ['changes in the middle', (path: string) => writeFile(path, 'A plum\n'.repeat(8))],
  ['is deleted', (path: string) => rm(path)],
])('a prompt file that %s during a run changes nothing but the last line', async (_how, change) => {
  const path = join(root, 'prompts.txt');
  const prompts = Array.from({ length: 8 }, (_, n) => `A pear, number ${n}`);
  await writeFile(path, prompts.join('\n'));
  const run = startGenerate([path, '--out', join(root, 'out'), '--concurrency', '2'], {
    REPLICATE_API_TOKEN: simulator.token,
    REPLICATE_BASE_URL: simulator.baseUrl,
    XDG_CACHE_HOME: join(root, 'xdg'),
  });
  await expect.poll(() => simulator.stats().created).toBeGreaterThanOrEqual(2);
  await change(path);
  expect(await run.ended).toBe(0);
  expect(run.said().match(/^warning .*$/gm)).toEqual([expect.stringContaining('prompts.txt has changed.')]);
  const { run: totals, outcomes } = JSON.parse(await readFile(join(root, 'out', 'manifest.json'), 'utf8'));
  expect(totals).toMatchObject({ total: 8, saved: 8, skipped: 0 });
  expect(outcomes.map(({ prompt }: { prompt: string }) => prompt)).toEqual(prompts);
});
