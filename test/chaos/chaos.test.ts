import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runBatch } from './runBatch.ts';
import { runSuite } from './runSuite.ts';

it.concurrent('batches killed twenty times lose nothing, pay nothing twice, and leave nothing over', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  const reports = await runSuite({ folder, kills: 20, seed: 20, prompts: 16 });
  await rm(folder, { recursive: true, force: true });
  expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
  expect(reports.reduce((sum, { kills }) => sum + kills, 0)).toBe(20);
  expect(new Set(reports.map(({ profile }) => profile))).toEqual(new Set(['none', 'storm', 'throttled']));
  for (const { lost, paidTwice } of reports) expect([lost, paidTwice]).toEqual([0, 0]);
}, 120_000);

it.concurrent('every other strategy keeps this, too', async () => {
  const strategies = ['sequential', 'parallel', 'waves', 'queue'] as const;
  const batches = strategies.map(async (strategy) => {
    const folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
    const config = { folder, seed: 8, profile: 'storm', prompts: 6, maxKills: 1, strategy } as const;
    const { problems, kills, lost, paidTwice } = await runBatch(config);
    await rm(folder, { recursive: true, force: true });
    return { strategy, problems, kills, lost, paidTwice };
  });
  expect(await Promise.all(batches)).toEqual(
    strategies.map((strategy) => ({ strategy, problems: [], kills: 1, lost: 0, paidTwice: 0 })),
  );
}, 120_000);
