import type { GalleryFile, GalleryJob } from '../../src/sinks/gallery/galleryData.ts';

/** One tile: an original with its renditions, or a job that has none. */
export interface Item {
  /** `12`, or `12.2` for the second picture of a job; as people count. */
  readonly name: string;
  readonly job: GalleryJob;
  /** The original first; empty where there is none. */
  readonly files: readonly GalleryFile[];
}
