import type { GalleryJob } from '../../src/sinks/gallery/galleryData.ts';

/** A job with known times. */
export interface TimedJob {
  readonly createdMs: number;
  readonly completedMs: number;
  readonly costUsd: number;
}

/** Idle time after which the next job belongs to another run in the same folder. */
const BREAK_MS = 120_000;

/**
 * Returns the jobs of the folder's last run: a chart that spans the pause between two runs would
 * show nothing.
 */
export function lastSession(jobs: readonly GalleryJob[]): { jobs: TimedJob[]; note: string } {
  const timed = jobs
    .flatMap(({ createdMs, completedMs: reportedMs, ownWallS, costUsd = 0, cached }) => {
      if (createdMs === undefined || cached) return [];
      // If the service does not report the end, the response came at about that time.
      const completedMs = reportedMs ?? (ownWallS === undefined ? undefined : createdMs + ownWallS * 1_000);
      return completedMs === undefined ? [] : [{ createdMs, completedMs, costUsd }];
    })
    .sort((a, b) => a.createdMs - b.createdMs);
  let start = 0;
  let busyUntil = Number.NEGATIVE_INFINITY;
  for (const [index, { createdMs, completedMs }] of timed.entries()) {
    if (createdMs > busyUntil + BREAK_MS) start = index;
    busyUntil = Math.max(busyUntil, completedMs);
  }
  const made = jobs.filter(({ status, cached }) => status === 'saved' && !cached).length;
  const notes = [
    start > 0 && 'The last run in this folder.',
    timed.length < made && `Of ${timed.length} jobs; the service did not report when the others ended.`,
  ];
  return { jobs: timed.slice(start), note: notes.filter(Boolean).join(' ') };
}
