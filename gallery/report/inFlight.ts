import type { TimedJob } from './lastSession.ts';
import type { Point } from './lineChart.ts';

/** Returns the number of predictions in flight after each change; x is seconds since the first. */
export function inFlight(jobs: readonly TimedJob[]): Point[] {
  const changes = jobs
    .flatMap(({ createdMs, completedMs }) => [
      { atMs: createdMs, by: 1 },
      { atMs: completedMs, by: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  const startMs = changes[0]?.atMs ?? 0;
  let count = 0;
  return changes.map(({ atMs, by }) => {
    count += by;
    return { x: (atMs - startMs) / 1_000, y: count };
  });
}
