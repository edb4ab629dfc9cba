import { basename, join } from 'node:path';
import type { Outcome } from '../../types.ts';
import type { Thumbnails } from '../openThumbnails.ts';
import type { Report } from '../Report.ts';
import { writeChunks } from '../writeChunks.ts';
import { galleryDocument } from './galleryDocument.ts';
import { galleryJob } from './galleryJob.ts';
import { maxGalleryJobs } from './maxGalleryJobs.ts';
import { scriptJson } from './scriptJson.ts';

/** With very long prompts fewer jobs are shown. */
const MAX_DATA_CHARS = 24_000_000;

export interface GalleryConfig {
  /** In input order. */
  outcomes: AsyncIterable<Outcome>;
  report: Report;
  thumbnails: Pick<Thumbnails, 'pathOf'>;
}

/**
 * Writes `gallery.html` into the run folder: one page that opens from the file system and shows the pictures beside it, in
 * flat memory. Of a very large run the first jobs are shown, and the page says so. Rejects with `StorageError`.
 */
export function writeGallery(folder: string, config: GalleryConfig): Promise<void> {
  return writeChunks(join(folder, 'gallery.html'), pageOf(basename(folder), config));
}

async function* pageOf(name: string, config: GalleryConfig): AsyncGenerator<string> {
  const { outcomes, report, thumbnails } = config;
  const { head, foot } = galleryDocument(name);
  yield `${head}{"name":${scriptJson(name)},"report":${scriptJson(report)},"jobs":[`;
  let chars = 0;
  let jobs = 0;
  for await (const outcome of outcomes) {
    if (jobs === maxGalleryJobs || chars > MAX_DATA_CHARS) break;
    const json = scriptJson(galleryJob(outcome, thumbnails));
    yield jobs === 0 ? json : `,\n${json}`;
    chars += json.length;
    jobs += 1;
  }
  yield `]}${foot}`;
}
