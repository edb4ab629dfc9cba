import type { GalleryFile, GalleryJob } from '../../src/sinks/gallery/galleryData.ts';

/** One tile: an original with its renditions, or a job that has none. */
export interface Item {
  /** Number of the job, from 1: `12`, or `12.2` for its second image. */
  readonly name: string;
  readonly job: GalleryJob;
  /** The original, then its renditions; empty if there is no image. */
  readonly files: readonly GalleryFile[];
}
