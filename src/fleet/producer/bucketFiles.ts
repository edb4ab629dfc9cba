import { relative, sep } from 'node:path';
import { concat, defer, EMPTY, from, ignoreElements, mergeMap, type Observable } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { pathBelow } from '../../disk/insideFolder.ts';
import type { Bucket } from '../../sinks/destinations/s3Bucket.ts';
import { maxGalleryJobs, ownThumbnail, type Thumbnails } from '../../sinks/gallery/thumbnails.ts';
import { writeSidecar } from '../../sinks/manifest/sidecar.ts';
import { storedJob } from '../../store/journal/jobTable.ts';
import type { Outcome } from '../../types.ts';
import type { EndedJob } from '../packedOutcomes.ts';

/** Files of a bucket at a time. */
const AT_ONCE = 16;

/** A run folder that stands beside a bucket. */
export interface BesideBucket {
  readonly bucket: Pick<Bucket, 'read' | 'fetch'>;
  /** Absolute. */
  readonly folder: string;
  /** Null if there is no gallery. */
  readonly thumbnails: Pick<Thumbnails, 'keep' | 'pathOf'> | null;
  /** True if sidecars are wanted. */
  readonly sidecars: boolean;
}

/**
 * Brings the files that a run folder has besides the images in the bucket: sidecars, thumbnails for
 * the gallery, and the originals of failed jobs, so that a run can finish them from there without
 * paying again.
 */
export function bringFiles(jobs: readonly EndedJob[], beside: BesideBucket): Observable<never> {
  const { folder, sidecars } = beside;
  const ofJob = (job: EndedJob): Observable<unknown> => {
    const { outcome } = job;
    if (outcome.status !== 'saved') return originalsOf(job, beside);
    return concat(sidecars ? writeSidecar(folder, outcome) : EMPTY, thumbnailsOf(outcome, beside));
  };
  return from(jobs).pipe(mergeMap(ofJob, AT_ONCE), ignoreElements());
}

function thumbnailsOf({ index, files }: Outcome, { bucket, thumbnails }: BesideBucket): Observable<never> {
  if (thumbnails === null || index >= maxGalleryJobs) return EMPTY;
  const missing = files.filter(
    (file) =>
      file.role === 'original' && file.width !== null && thumbnails.pathOf(file) !== ownThumbnail(file),
  );
  return fromAbortable(async (signal) => {
    for (const original of missing) {
      const data = await bucket.read(ownThumbnail(original), signal);
      // Without one, the gallery shows a tile without an image.
      if (data !== null) await thumbnails.keep(original, data);
    }
  }).pipe(ignoreElements());
}

function originalsOf({ outcome, open }: EndedJob, { bucket, folder }: BesideBucket): Observable<never> {
  return defer(() => {
    const recorded = open === null ? [] : storedJob(open, folder).record.files;
    const originals = recorded.flatMap((file) => [file, ...(file.untouched ? [file.untouched] : [])]);
    const wanted = new Map([
      ...originals.map(({ path, sha256 }) => [relative(folder, path).replaceAll(sep, '/'), sha256] as const),
      ...outcome.files.map(({ path, sha256 }) => [path, sha256] as const),
    ]);
    return fromAbortable(async (signal) => {
      for (const [path, sha256] of wanted) await bucket.fetch(path, pathBelow(folder, path), sha256, signal);
    }).pipe(ignoreElements());
  });
}
