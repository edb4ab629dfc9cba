import type { MonoTypeOperatorFunction } from 'rxjs';
import { encoderConcurrency } from '../../base/pictures.ts';
import type { Outcome } from '../../types.ts';
import { writeGallery } from '../gallery/galleryPage.ts';
import { maxGalleryJobs, openThumbnails } from '../gallery/thumbnails.ts';
import { createCounter, type ToReportConfig } from './toReport.ts';
import { toSink } from './toSink.ts';

/**
 * Makes thumbnails of outcomes as they pass, and writes `gallery.html` into their folder at the
 * end: one page that opens from the file system. Shows, and keeps in memory, the first 20,000.
 * `config` is that of the report on the page; `concurrency` is one a core by default. Errors as
 * `toSink`.
 */
export function toGallery(folder: string, config: ToReportConfig = {}): MonoTypeOperatorFunction<Outcome> {
  const { concurrency = encoderConcurrency() } = config;
  const open = async () => {
    const thumbnails = await openThumbnails(folder);
    const counter = createCounter(config);
    const shown: Outcome[] = [];
    return {
      add: async (outcome: Outcome) => {
        counter.add(outcome);
        if (outcome.index < maxGalleryJobs) shown.push(outcome);
        await thumbnails.make(outcome);
        return outcome;
      },
      finish: () => writeGallery(folder, { outcomes: inOrder(shown), report: counter.report(), thumbnails }),
    };
  };
  return toSink('gallery', open, { concurrency });
}

async function* inOrder(outcomes: readonly Outcome[]): AsyncGenerator<Outcome> {
  yield* outcomes.toSorted((a, b) => a.index - b.index);
}
