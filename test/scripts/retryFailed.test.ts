import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/index.ts';
import type { Outcome } from '../../src/types.ts';
import { createWatch } from '../chaos/createWatch.ts';
import { startGenerate } from '../chaos/startGenerate.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

it('makes failed jobs once if it is killed in the middle and run again', async () => {
  let isBroken = true;
  const watch = createWatch();
  const simulator = await startSimulator({
    render: 'fast',
    speed: 20,
    faults: watch.over({
      onOutcome: ({ input }) =>
        isBroken && /pear (3|5|7|9|11|12)$/.test(String(input.prompt)) ? 'CUDA error' : null,
    }),
  });
  const script = (name: string, ...args: string[]) =>
    startGenerate(
      args,
      {
        REPLICATE_API_TOKEN: simulator.token,
        REPLICATE_BASE_URL: simulator.baseUrl,
        XDG_CACHE_HOME: join(folder(), 'cache'),
      },
      name,
    );
  const prompts = join(folder(), 'pears.txt');
  await writeFile(prompts, Array.from({ length: 12 }, (_, n) => `a pear ${n + 1}\n`).join(''));
  const out = join(folder(), 'out');

  const first = script('generate.ts', prompts, '--out', out, '--no-gallery');
  expect(await first.ended, first.said()).toBe(1);
  expect(simulator.stats()).toMatchObject({ created: 12, failed: 6 });

  isBroken = false;
  const killed = script('retry-failed.ts', out, '--no-gallery', '--concurrency', '1');
  // Some of the six, but not all; and no other request is on its way to the service.
  expect(await watch.endOf(killed, { moments: ['afterCreate'], count: 3, delayMs: 0 })).toBe('killed');
  expect(simulator.stats().created).toBeLessThan(12 + 6);

  const again = script('retry-failed.ts', out, '--no-gallery');
  expect(await again.ended, again.said()).toBe(0);
  expect(simulator.stats()).toMatchObject({ created: 12 + 6, failed: 6 });
  const { outcomes }: { outcomes: Outcome[] } = JSON.parse(
    await readFile(join(out, 'manifest.json'), 'utf8'),
  );
  expect(outcomes.map(({ index, status }) => `${index} ${status}`)).toEqual(
    Array.from({ length: 12 }, (_, index) => `${index} saved`),
  );
  expect(new Set(outcomes.map(({ predictionId }) => predictionId)).size).toBe(12);
  await simulator.close();
}, 60_000);
