import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import type { Outcome } from '../../src/types.ts';
import { createWatch } from '../chaos/createWatch.ts';
import { startGenerate } from '../chaos/startGenerate.ts';

let folder = '';
let simulator: Simulator;
const watch = createWatch();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  simulator = await startSimulator({ render: 'fast', speed: 20, faults: watch.over({}) });
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

const script = (args: readonly string[], env: Record<string, string> = {}) => {
  const service = { REPLICATE_API_TOKEN: simulator.token, REPLICATE_BASE_URL: simulator.baseUrl };
  return startGenerate(args, { ...service, XDG_CACHE_HOME: join(folder, 'cache'), ...env }, 'refine.ts');
};

async function lineageIn(out: string) {
  const { outcomes }: { outcomes: Outcome[] } = JSON.parse(
    await readFile(join(out, 'manifest.json'), 'utf8'),
  );
  return outcomes.map(({ index, status, tags, input, metrics, key }) => ({
    ...{ index, status, tags, key, seed: input.seed },
    ...{ score: metrics.score, rank: metrics.rank },
  }));
}

it('loses nothing and makes nothing twice if it is killed in the middle of a round', async () => {
  const spec = join(folder, 'harbour.yaml');
  await writeFile(
    spec,
    'prompt: a harbour\ncandidates: 10\nkeep: 3\nchildren: 2\nrounds: 2\nscore: { contrast: 1, colourfulness: 1 }\n',
  );
  const whole = join(folder, 'whole');
  const plain = script([spec, '--out', whole, '--no-gallery']);
  expect(await plain.ended, plain.said()).toBe(0);
  expect(simulator.stats().created).toBe(22);

  const out = join(folder, 'killed');
  const killed = script([spec, '--out', out, '--no-gallery', '--concurrency', '1']);
  // Ten candidates and some children, but not all six; no other request is on its way.
  expect(await watch.endOf(killed, { moments: ['afterCreate'], count: 13, delayMs: 0 })).toBe('killed');
  expect(simulator.stats().created).toBeLessThan(22 + 16);
  const resumed = script([spec, '--out', out, '--no-gallery']);
  expect(await resumed.ended, resumed.said()).toBe(0);
  expect(simulator.stats().created).toBe(22 + 22);
  expect(await lineageIn(out)).toEqual(await lineageIn(whole));
});

it('makes no rating twice if it is killed while a model rates', async () => {
  const spec = join(folder, 'rated.yaml');
  const score = 'score: { model: yorickvp/llava-13b, input: { prompt: "Rate {prompt}" }, priceUsd: 0.002 }';
  await writeFile(spec, `prompt: a quay\ncandidates: 6\nkeep: 2\nchildren: 2\nrounds: 1\n${score}\n`);
  const out = join(folder, 'rated');
  const args = [spec, '--out', out, '--no-gallery', '--budget', '1'];
  const before = simulator.stats().created;
  const killed = script([...args, '--concurrency', '1']);
  expect(await watch.endOf(killed, { moments: ['afterCreate'], count: 9, delayMs: 0 })).toBe('killed');
  expect(simulator.stats().created).toBeLessThan(before + 20);
  const resumed = script(args);
  expect(await resumed.ended, resumed.said()).toBe(0);
  expect(simulator.stats().created).toBe(before + 20);
  const { run, outcomes } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
  expect(run.total).toBe(10);
  for (const { metrics } of outcomes) expect(metrics).toMatchObject({ scoreCostUsd: 0.002 });
});
