import type { TimedJob } from './lastSession.ts';
import type { Point } from './lineChart.ts';

/**
 * Returns the total cost at the end of each job; x is seconds since the first create request. The
 * line begins with the cost that these jobs do not account for, that of earlier runs for example,
 * and so ends at `totalUsd`.
 */
export function costOverTime(jobs: readonly TimedJob[], totalUsd: number): Point[] {
  const startMs = jobs[0]?.createdMs ?? 0;
  const ownMicroUsd = jobs.reduce((sum, { costUsd }) => sum + Math.round(costUsd * 1_000_000), 0);
  const beforeMicroUsd = Math.max(0, Math.round(totalUsd * 1_000_000) - ownMicroUsd);
  let microUsd = beforeMicroUsd;
  const ends = [...jobs].sort((a, b) => a.completedMs - b.completedMs);
  const points = ends.map(({ completedMs, costUsd }) => {
    microUsd += Math.round(costUsd * 1_000_000);
    return { x: (completedMs - startMs) / 1_000, y: microUsd / 1_000_000 };
  });
  return points.length === 0 ? [] : [{ x: 0, y: beforeMicroUsd / 1_000_000 }, ...points];
}
