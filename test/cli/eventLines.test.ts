import { expect, it } from 'vitest';
import { createPaint } from '../../src/cli/createPaint.ts';
import { eventLines } from '../../src/cli/eventLines.ts';
import type { Outcome, RunEvent } from '../../src/types.ts';
import { progress } from './progress.ts';

const progressed = (status: Outcome['status'], predictionId: string | null): RunEvent => ({
  type: 'job.progress',
  current: 3,
  total: 12,
  percent: 25,
  prompt: 'a fox\nin the snow',
  status,
  predictionId,
  elapsedMs: 9_000,
});
const linesOf = (event: RunEvent) => eventLines(event, progress(), createPaint(false));

it('tells each step of a sequential run, failures in a line of their own only', () => {
  expect(linesOf(progressed('saved', 'p7'))).toEqual(["saved 3 of 12 (25 %) 'a fox in the snow' (p7), 9s"]);
  expect(linesOf(progressed('skipped', null))).toEqual(["skipped 3 of 12 (25 %) 'a fox in the snow', 9s"]);
  expect(linesOf(progressed('failed', 'p7'))).toEqual([]);
});
