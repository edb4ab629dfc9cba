import { readdir } from 'node:fs/promises';
import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import type { RunEvent } from '../../../../src/events/runEvent.ts';
import { runToFolder } from '../../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import { planJobs } from '../../../../src/sources/planning/planJobs.ts';
import { jobOf } from '../../../helpers/jobOf.ts';
import { runUntil } from '../../../helpers/runUntil.ts';
import { SCHNELL, simulated } from '../../../helpers/simulated.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

async function aFolder() {
  const simulator = await simulated();
  const run = async (prompts: readonly string[], isKilled = false) => {
    const jobs = prompts.map((prompt, index) =>
      jobOf({ index, prompt, model: SCHNELL, version: null, input: { prompt, seed: 1 } }),
    );
    const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
    const killed = new Subject<void>();
    // Then the image has its name, but the journal does not know it.
    const emit = ({ type }: RunEvent) => {
      if (isKilled && type === 'image.downloaded') killed.next();
    };
    const settings = { folder: folder(), provider: createReplicateProvider(simulator), emit, gallery: false };
    await runUntil(runToFolder(plans, settings), folder(), killed);
    const names = await readdir(folder(), { recursive: true });
    return names.filter((name) => name.endsWith('.webp')).toSorted();
  };
  return { simulator, run };
}

it('moves an image that a kill left without a record to the new name of its job', async () => {
  const { simulator, run } = await aFolder();
  expect(await run(['a cat'], true)).toEqual(['0001-a-cat.webp']);
  expect(await run(['a dog', 'a cat'])).toEqual(['0001-a-dog.webp', '0002-a-cat.webp']);
  expect(simulator.stats().created).toBe(2);
});

it('moves it to the unused results if its job was deleted', async () => {
  const { run } = await aFolder();
  await run(['a cat'], true);
  expect(await run(['a dog'])).toEqual(['0001-a-dog.webp', 'unused/1/0001-a-cat.webp']);
});
