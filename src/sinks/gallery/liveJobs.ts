import { existsSync } from 'node:fs';
import { pathBelow } from '../../disk/insideFolder.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import type { Outcome } from '../../types.ts';
import { type GalleryJob, galleryJob, measuredJob } from './galleryData.ts';
import { maxGalleryJobs, shownPath } from './thumbnails.ts';

/** The jobs of a run in progress, as many as a gallery shows. */
interface LiveJobs {
  /** Updates the job of an event. */
  onEvent(event: RunEvent): void;
  /** Adds an outcome of an earlier run. */
  add(outcome: Outcome): void;
  /** Returns the jobs that have changed since a version, in input order. */
  since(version: number): GalleryJob[];
  /** Version of the newest change. */
  readonly version: number;
  /** Returns true if a job has an image with this path, relative to the run folder. */
  isImage(path: string): boolean;
}

/** Collects the jobs of the run in a folder. */
export function liveJobs(folder: string, simulated: Pick<GalleryJob, 'isSimulated'>): LiveJobs {
  const jobs = new Map<number, { readonly job: GalleryJob; readonly version: number }>();
  const images = new Set<string>();
  let version = 0;
  const thumbnails = {
    pathOf: (original: Outcome['files'][number]) =>
      shownPath(original, (path) => existsSync(pathBelow(folder, path))),
  };
  const put = (job: GalleryJob): void => {
    if (job.index >= maxGalleryJobs) return;
    version += 1;
    jobs.set(job.index, { job, version });
    for (const { path, thumb } of job.files ?? []) {
      images.add(path);
      if (thumb !== undefined) images.add(thumb);
    }
  };
  const add = (outcome: Outcome): void => put(galleryJob(outcome, thumbnails));
  return {
    add,
    onEvent(event) {
      if ('outcome' in event) add(event.outcome);
      else if (event.type === 'prediction.creating') {
        const { index, prompt, model, attempt } = event;
        put({ index, prompt, model, attempts: attempt, status: 'running', ...simulated });
      } else if (event.type === 'job.measured') {
        const known = jobs.get(event.index);
        if (known !== undefined) put(measuredJob(known.job, event));
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
    isImage: (path) => images.has(path),
  };
}
