import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Simulator, type SimulatorConfig, startSimulator } from '../../src/simulator/index.ts';
import { startGenerate } from '../chaos/startGenerate.ts';

let root = '';
let simulator: Simulator;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rxposure-two-'));
});
afterEach(async () => {
  await simulator.close();
  await rm(root, { recursive: true, force: true, maxRetries: 10 });
});

const start = async (jobs: number, config: SimulatorConfig = {}) => {
  const prompts = Array.from({ length: jobs }, (_, n) => `A pear, number ${n}`);
  await writeFile(join(root, 'prompts.txt'), prompts.join('\n'));
  simulator = await startSimulator({ render: 'fast', speed: 10, ...config });
};
const begin = (out: string, ...flags: string[]) =>
  startGenerate(
    [join(root, 'prompts.txt'), '--out', join(root, out), '--concurrency', '4', '--quiet', ...flags],
    {
      REPLICATE_API_TOKEN: simulator.token,
      REPLICATE_BASE_URL: simulator.baseUrl,
      XDG_CACHE_HOME: join(root, 'xdg'),
    },
  );
const totals = async (out: string) =>
  JSON.parse(await readFile(join(root, out, 'manifest.json'), 'utf8')).run;

it('two processes with one cache pay for each result once', async () => {
  await start(16);
  const runs = ['one', 'two'].map((out) => begin(out, '--cache', join(root, 'cache')));
  expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual([0, 0]);
  expect(simulator.stats()).toMatchObject({ created: 16 });
  const costs = [(await totals('one')).costUsd, (await totals('two')).costUsd];
  expect(costs[0] + costs[1]).toBeCloseTo(simulator.stats().billedMicroUsd / 1_000_000, 6);
  expect(await readdir(join(root, 'cache', 'leases'))).toEqual([]);
});

it('a process that is killed leaves its jobs in flight to the other one', async () => {
  // The first one hears of nothing before it is killed, however long the second one takes to start.
  const afterCreate = ({ serial }: { serial: number }) =>
    serial < 4 ? ({ type: 'delay', delayMs: 600_000 } as const) : null;
  await start(6, { faults: { afterCreate } });
  const first = begin('one', '--cache', join(root, 'cache'));
  await expect.poll(() => simulator.stats().created).toBe(4);
  const second = begin('two', '--cache', join(root, 'cache'), '--json');
  await expect.poll(() => second.printed().match(/"job.waiting"/g)?.length ?? 0).toBeGreaterThanOrEqual(4);
  first.kill();
  expect(await second.ended).toBe(0);
  expect(await totals('two')).toMatchObject({ saved: 6 });
  // The four of the killed process are made again: they belong to its folder.
  expect(simulator.stats().created).toBe(10);
});

it('a second process in a folder learns which process has it; after a kill the folder is free at once', async () => {
  let isHeld = true;
  const afterCreate = () => (isHeld ? ({ type: 'delay', delayMs: 60_000 } as const) : null);
  await start(6, { faults: { afterCreate } });
  const first = begin('one');
  await expect.poll(() => simulator.stats().created).toBe(4);
  const second = begin('one');
  expect(await second.ended).toBe(2);
  expect(second.said()).toMatch(
    /one is in use by another run: process \d+ on \S+, since .* UTC\.\nhint: Wait/,
  );
  first.kill();
  await first.ended;
  isHeld = false;
  const third = begin('one');
  expect(await third.ended).toBe(0);
  expect(third.said()).toBe('');
  expect(simulator.stats()).toMatchObject({ created: 6 });
});
