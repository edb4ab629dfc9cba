import type { GalleryFile, GalleryJob } from '../../src/sinks/gallery/galleryData.ts';
import type { Item } from './Item.ts';

/**
 * Returns the items of all jobs, in input order: one for each original or kept file, one for a job
 * without any, and one for the missing files of an incomplete job.
 */
export function itemsOf(jobs: readonly GalleryJob[]): Item[] {
  return jobs.flatMap((job) => {
    const known = itemsByJob.get(job);
    if (known !== undefined) return known;
    const items = itemsOfJob(job);
    itemsByJob.set(job, items);
    return items;
  });
}

/** Cached items: a job that has not changed keeps its items, and these keep their tiles. */
const itemsByJob = new WeakMap<GalleryJob, readonly Item[]>();

function itemsOfJob(job: GalleryJob): Item[] {
  const groups = groupByOriginal(job.files ?? []);
  if (lacksFile(job)) groups.push([]);
  // The placeholder of a job that has not begun has no number yet.
  const number = job.index < 0 ? '' : String(job.index + 1);
  if (groups.length <= 1) return [{ name: number, job, files: groups[0] ?? [] }];
  return groups.map((files, index) => ({ name: `${number}.${index + 1}`, job, files }));
}

/** Returns true for an incomplete job without a file that would show that one is missing. */
function lacksFile({ error, files = [] }: GalleryJob): boolean {
  return error?.code === 'ERR_INCOMPLETE' && files.length > 0 && !files.some(({ isKept }) => isKept);
}

function groupByOriginal(files: readonly GalleryFile[]): GalleryFile[][] {
  const groups: GalleryFile[][] = [];
  for (const file of files) {
    const group = groups.at(-1);
    if (file.name === 'original' || file.isKept || group === undefined) groups.push([file]);
    else group.push(file);
  }
  return groups;
}
