import { expect, it } from 'vitest';
import { plainWorld } from '../powercut/cutWorld.ts';
import { runWorkers } from '../report.ts';
import type { Made } from '../service/service.ts';
import type { Input } from './input.ts';
import { judgeProcess } from './oracle.ts';
import type { ProcessEnd, World } from './runWorld.ts';
import { noFaults, type RunChoices, type WorldConfig } from './worldConfig.ts';

/**
 * A world in which each request of a first process is lost on its way back, makes a prediction that
 * never ends, and is listed only when all but the last two processes have ended.
 */
function stuckWorld(inputs: readonly Input[], run: Partial<RunChoices> = {}): WorldConfig {
  const plain = plainWorld(1);
  const off = { shows: false, sidecars: false, renditions: [] };
  return {
    ...plain,
    outputKind: 'video',
    sqliteFiles: false,
    faults: { ...noFaults, lostBack: 1, stuck: 1 },
    listLagMs: 350_000,
    evenLag: true,
    crashes: inputs.length,
    script: inputs.map((input) => ({ input, crash: null })),
    run: { ...plain.run, ...off, ...run },
  };
}

// Seed 302168 with 100 crashes came upon the first one.
it('lets an idle process make a request again that the one before has found cut off, within the same money', async () => {
  const made: string[] = [];
  const { failures } = await runWorkers({
    configs: [
      { ...stuckWorld([[0]]), level: 'engine' },
      { ...stuckWorld([[0]]), level: 'folder' },
      { ...stuckWorld([[0], [1, 0]], { budgetJobs: 1 }), level: 'folder' },
    ],
    keepsLog: true,
    shrinks: 0,
    onWorld: ({ history }) => made.push(madeByIdle(history ?? '')),
  });
  expect(failures.flatMap(({ problems, history }) => [...problems, history]).join('\n')).toBe('');
  expect(made).toEqual(['request 0', 'request 0', 'request 1']);
});

/** Returns the prompt of the prediction that the last process has made. */
function madeByIdle(log: string): string {
  const [last = ''] = log.split(/process \d+ begins/).slice(-1);
  return /makes p\d+ for "(.*)"/.exec(last)?.[1] ?? 'nothing';
}

const IDLE = 3;
const succeeded = { prompt: 'request 0', process: 1, end: 'succeeded', endMs: 1_000 } as const;
const aborted = { ...succeeded, end: 'aborted' } as const;
const timedOut = [0, 'failed', 'ERR_PREDICTION_TIMEOUT'] as const;
const skipped = [1, 'skipped', 'ERR_OVER_BUDGET'] as const;

it.each([
  ['may make a request that was cut off', [aborted], [timedOut], 'request 0', true],
  ['may make a request that was over budget until then', [aborted], [timedOut, skipped], 'request 1', true],
  ['may not make one that has succeeded', [succeeded], [timedOut], 'request 0', false],
  ['may not make one that was cut off later', [{ ...aborted, endMs: 9_000 }], [timedOut], 'request 0', false],
  ['may not make one that a stranger lost', [{ ...aborted, process: null }], [timedOut], 'request 0', false],
  ['may not make an uncertain one', [aborted], [[0, 'failed', 'ERR_UNCERTAIN']], 'request 0', false],
  ['may not make another one', [aborted], [timedOut], 'request 1', false],
  ['may not make one over budget while nothing has failed', [succeeded], [skipped], 'request 1', false],
] as const)('an idle process %s', (_, before, outcomes, prompt, isAllowed) => {
  const made = [...before, { ...succeeded, prompt, process: IDLE, endMs: 6_000 }].map((one) => ({
    ...one,
    input: { prompt: one.prompt },
  }));
  const end = { folder: '/out', input: [0, 1], run: plainWorld(1).run, kind: 'done' };
  const idle = { ...end, number: IDLE, isIdle: true, beganMs: 5_000, outcomes: [] };
  const world = {
    config: plainWorld(1),
    service: { made: made as unknown as Made[] },
    network: { sent: [] },
    machine: { timeline: { nowMs: 7_000 } },
    ends: [{ ...end, number: IDLE - 1, outcomes }],
  };
  const problems = judgeProcess(world as unknown as World, idle as unknown as ProcessEnd);
  expect(problems).toEqual(isAllowed ? [] : ['process 3 had nothing to do, and made 1']);
});
