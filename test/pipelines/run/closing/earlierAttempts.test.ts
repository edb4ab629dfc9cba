import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import type { RunEvent } from '../../../../src/events/runEvent.ts';
import { runToFolder } from '../../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import type { SimulatorConfig } from '../../../../src/simulator/index.ts';
import { planJobs } from '../../../../src/sources/planning/planJobs.ts';
import { jobOf } from '../../../helpers/jobOf.ts';
import { runUntil } from '../../../helpers/runUntil.ts';
import { SCHNELL, simulated } from '../../../helpers/simulated.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

/** A folder whose runs have these prompts, and may be killed at a moment. */
async function aFolder(config: SimulatorConfig['faults'] = {}) {
  let onCreate = () => {};
  const simulator = await simulated({
    // The deadlines of predictions, which distinguish attempts, are those of their requests.
    speed: 1,
    medianMs: 20,
    faults: {
      ...config,
      afterCreate: () => {
        onCreate();
        return { type: 'delay', delayMs: 20 };
      },
    },
  });
  const run = (prompts: readonly string[], killAt?: 'downloaded' | 'created') => {
    const jobs = prompts.map((prompt, index) =>
      jobOf({ index, prompt, model: SCHNELL, version: null, input: { prompt, seed: 1 } }),
    );
    const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
    const killed = new Subject<void>();
    const emit = ({ type }: RunEvent) => {
      if (killAt === 'downloaded' && type === 'image.downloaded') killed.next();
    };
    onCreate = () => {
      if (killAt === 'created') killed.next();
    };
    const settings = { folder: folder(), provider: createReplicateProvider(simulator), emit, gallery: false };
    return runUntil(runToFolder(plans, settings), folder(), killed);
  };
  return { simulator, run };
}

it('counts predictions that a proxy made twice in a run that was killed', async () => {
  const { simulator, run } = await aFolder({ isRepeated: ({ serial }) => serial === 0 });
  expect(await run(['a cat'], 'downloaded')).toBeNull();
  const end = await run(['a cat']);
  expect(simulator.stats().created).toBe(2);
  expect(end?.report).toMatchObject({ costUsd: 0.006, surplus: { count: 1, costUsd: 0.003 } });
  expect((await run(['a cat']))?.report).toMatchObject({ costUsd: 0.006, surplus: { count: 1 } });
});

it.each([
  ['that was downloaded', 'downloaded'],
  ['whose create request was on its way', 'created'],
] as const)('lists the prediction of a job %s when its line was deleted', async (_, killAt) => {
  const { simulator, run } = await aFolder();
  expect(await run(['a cat'], killAt)).toBeNull();
  for (const _time of ['first', 'second']) {
    const { report } = (await run(['a dog'])) ?? {};
    expect(report).toMatchObject({ saved: 1, costUsd: 0.006, surplus: { count: 1, costUsd: 0.003 } });
  }
  // The line is there again, and its image is not paid for again.
  const again = await run(['a cat', 'a dog']);
  expect(again?.report).toMatchObject({ saved: 2, costUsd: 0.006 });
  expect(again?.report).not.toHaveProperty('surplus');
  expect(simulator.stats().created).toBe(2);
});
