import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startSimulator } from '../../src/simulator/index.ts';
import { startGenerate } from '../chaos/startGenerate.ts';

it('reports once that it stops, for any number of waiting jobs', async () => {
  const root = await mkdtemp(join(tmpdir(), 'rxposure-stop-'));
  const body = JSON.stringify({ detail: 'Request was throttled.', status: 429, retry_after: 60 });
  const refused = { type: 'answer', status: 429, body } as const;
  const simulator = await startSimulator({ faults: { beforeCreate: () => refused } });
  onTestFinished(async () => {
    await simulator.close();
    await rm(root, { recursive: true, force: true, maxRetries: 10 });
  });
  await writeFile(join(root, 'prompts.txt'), 'A pear\nA quince\nA fig\n');
  const run = startGenerate([join(root, 'prompts.txt'), '--out', join(root, 'out'), '--json'], {
    REPLICATE_API_TOKEN: simulator.token,
    REPLICATE_BASE_URL: simulator.baseUrl,
    XDG_CACHE_HOME: join(root, 'xdg'),
  });
  onTestFinished(run.kill);
  await expect.poll(run.printed).toMatch('"rate.paused"');
  process.kill(Number(run.pid), 'SIGINT');
  expect(await run.ended).toBe(130);
  expect(run.printed().match(/Stopping: finishing jobs in flight/g)?.length).toBe(1);
});
