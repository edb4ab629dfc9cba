import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { GalleryJob } from '../sinks/gallery/GalleryData.ts';
import { galleryJob } from '../sinks/gallery/galleryJob.ts';
import { maxGalleryJobs } from '../sinks/gallery/maxGalleryJobs.ts';
import { thumbnailPath } from '../sinks/thumbnailPath.ts';
import type { Outcome, RunEvent } from '../types.ts';

/** The jobs of a run as a page shows them while it goes: as many as a gallery shows. */
export interface LiveJobs {
  /** Notes what an event says of a job. */
  onEvent(event: RunEvent): void;
  /** Notes what an earlier run left. */
  add(outcome: Outcome): void;
  /** In input order; those that have changed since a version. */
  since(version: number): GalleryJob[];
  /** Of the newest change. */
  readonly version: number;
  /** Whether this is the path, relative to the run folder, of a picture that a job has. */
  isPicture(path: string): boolean;
}

/** Keeps what a page shows of the jobs of the run in a folder. */
export function liveJobs(folder: string): LiveJobs {
  const jobs = new Map<number, { readonly job: GalleryJob; readonly version: number }>();
  const pictures = new Set<string>();
  let version = 0;
  const thumbnails = {
    pathOf: (original: Outcome['files'][number]) => {
      const path = thumbnailPath(original);
      return path === original.path || existsSync(join(folder, path)) ? path : null;
    },
  };
  const put = (job: GalleryJob): void => {
    if (job.index >= maxGalleryJobs) return;
    version += 1;
    jobs.set(job.index, { job, version });
    for (const { path, thumb } of job.files ?? []) {
      pictures.add(path);
      if (thumb !== undefined) pictures.add(thumb);
    }
  };
  const add = (outcome: Outcome): void => put(galleryJob(outcome, thumbnails));
  return {
    add,
    onEvent(event) {
      if ('outcome' in event) add(event.outcome);
      else if (event.type === 'prediction.creating') {
        const { index, prompt, model, attempt } = event;
        put({ index, prompt, model, attempts: attempt, status: 'running' });
      }
    },
    since: (known) =>
      [...jobs.values()]
        .filter((entry) => entry.version > known)
        .map(({ job }) => job)
        .sort((a, b) => a.index - b.index),
    get version() {
      return version;
    },
    isPicture: (path) => pictures.has(path),
  };
}
