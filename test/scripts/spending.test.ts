import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { readSpending } from '../../src/store/spending/spendingDatabase.ts';
import { createWatch } from '../chaos/createWatch.ts';
import { startGenerate } from '../chaos/startGenerate.ts';
import { startUnnamedProxy, type UnnamedProxy } from '../helpers/unnamedProxy.ts';

let folder = '';
let simulator: Simulator;
/** The simulator as a service that is paid. */
let paid: UnnamedProxy;
const watch = createWatch();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-spending-'));
  simulator = await startSimulator({ render: 'fast', speed: 20, faults: watch.over({}) });
  paid = await startUnnamedProxy(simulator.baseUrl);
});
afterAll(async () => {
  await paid.close();
  await simulator.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function generate(name: string, flags: readonly string[] = [], baseUrl = paid.baseUrl) {
  const prompts = join(folder, `${name}.txt`);
  await writeFile(prompts, Array.from({ length: 6 }, (_, index) => `a ${name} ${index}`).join('\n'));
  const service = { REPLICATE_API_TOKEN: simulator.token, REPLICATE_BASE_URL: baseUrl };
  const words = [prompts, '--out', join(folder, name), '--no-gallery', '--concurrency', '1', ...flags];
  return startGenerate(words, { ...service, XDG_CACHE_HOME: join(folder, 'cache') });
}

/** Returns the money that the machine has spent and holds, in images at $0.003. */
function images(): number[] {
  const file = join(folder, 'cache/rxposure/spending.sqlite');
  // Every month.
  const sum = readSpending(file, (database) => database.sumOf('2'));
  return [sum?.spentMicroUsd ?? 0, sum?.heldMicroUsd ?? 0].map((microUsd) => microUsd / 3_000);
}

it('keeps the limit of a month over folders, also if a run was killed', async () => {
  const killed = await generate('fox');
  expect(await watch.endOf(killed, { moments: ['afterCreate'], count: 3, delayMs: 0 })).toBe('killed');
  const [spent = 0, held = 0] = images();
  // The third was created, and all other reserved money is held too.
  expect(spent).toBeLessThan(3);
  expect(spent + held).toBeGreaterThanOrEqual(3);
  expect(spent + held).toBeLessThan(6);

  const limited = await generate('owl', ['--budget-per-month', '0.021']);
  expect(await limited.ended, limited.said()).toBe(1);
  expect(limited.said()).toContain("this month's limit for all runs of this machine does not cover");
  expect(images()).toEqual([7 - held, held]);

  const resumed = await generate('fox');
  expect(await resumed.ended, resumed.said()).toBe(0);
  const all = await generate('owl', ['--budget-per-month', '0.036', '--budget-per-day', '1']);
  expect(await all.ended, all.said()).toBe(0);
  expect(images()).toEqual([12, 0]);
  expect(simulator.stats().billedMicroUsd).toBe(12 * 3_000);
});

it('counts no simulated run', async () => {
  const before = images();
  const simulated = await generate('hare', ['--simulate=50', '--budget-per-month', '0.001'], '');
  expect(await simulated.ended, simulated.said()).toBe(0);
  expect(images()).toEqual(before);
});
