import type { TimedJob } from './lastSession.ts';
import type { Point } from './lineChart.ts';

/** Returns the total cost at the end of each job; x is seconds since the first create request. */
export function costOverTime(jobs: readonly TimedJob[]): Point[] {
  const startMs = jobs[0]?.createdMs ?? 0;
  let microUsd = 0;
  const ends = [...jobs].sort((a, b) => a.completedMs - b.completedMs);
  const points = ends.map(({ completedMs, costUsd }) => {
    microUsd += Math.round(costUsd * 1_000_000);
    return { x: (completedMs - startMs) / 1_000, y: microUsd / 1_000_000 };
  });
  return points.length === 0 ? [] : [{ x: 0, y: 0 }, ...points];
}
