import type { GalleryJob } from '../../src/sinks/gallery/galleryData.ts';

/** A job whose times are known. */
export interface TimedJob {
  readonly createdMs: number;
  readonly completedMs: number;
  readonly costUsd: number;
}

/** When nothing was under way for so long, what comes after is another run in the same folder. */
const BREAK_MS = 120_000;

/** The jobs of the folder's last run: a drawing over the night between two runs would show nothing. */
export function lastSession(jobs: readonly GalleryJob[]): { jobs: TimedJob[]; note: string } {
  const timed = jobs
    .flatMap(({ createdMs, completedMs, costUsd = 0, cached }) =>
      createdMs === undefined || completedMs === undefined || cached
        ? []
        : [{ createdMs, completedMs, costUsd }],
    )
    .sort((a, b) => a.createdMs - b.createdMs);
  let start = 0;
  let busyUntil = Number.NEGATIVE_INFINITY;
  for (const [place, { createdMs, completedMs }] of timed.entries()) {
    if (createdMs > busyUntil + BREAK_MS) start = place;
    busyUntil = Math.max(busyUntil, completedMs);
  }
  const made = jobs.filter(({ status, cached }) => status === 'saved' && !cached).length;
  const notes = [
    start > 0 && 'The last run in this folder.',
    timed.length < made && `Of ${timed.length} jobs; of the others the service did not tell when they ended.`,
  ];
  return { jobs: timed.slice(start), note: notes.filter(Boolean).join(' ') };
}
