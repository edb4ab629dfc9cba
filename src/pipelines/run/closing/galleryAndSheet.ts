import { catchError, concat, concatMap, defer, EMPTY, ignoreElements, type Observable, reduce } from 'rxjs';
import { encoderConcurrency } from '../../../base/pictures.ts';
import { isSimulated } from '../../../base/service.ts';
import { pullMap } from '../../../operators/pullMap.ts';
import { sheetCells, writeContactSheet } from '../../../sinks/contactSheet/contactSheet.ts';
import { writeGallery } from '../../../sinks/gallery/galleryPage.ts';
import type { Thumbnails } from '../../../sinks/gallery/thumbnails.ts';
import type { Report } from '../../../sinks/report/report.ts';
import type { Outcome } from '../../../types.ts';
import { outcomeError } from '../../journey/outcomes.ts';
import type { OpenRun } from '../settings.ts';

/** The parts of an open run that its gallery and contact sheet are written from. */
export type Showing = Pick<OpenRun, 'config' | 'manifest' | 'thumbnails'>;

/**
 * Writes `gallery.html` and `contact-sheet.jpg` into the run folder, over all outcomes that the
 * folder holds; makes missing thumbnails of earlier runs first. Completes without a value. A disk
 * that refuses is a warning here: the run is complete without them.
 */
export function writeGalleryAndSheet(report: Report, run: Showing): Observable<never> {
  const { thumbnails, manifest, config } = run;
  if (thumbnails === null) return EMPTY;
  const { folder, emit = () => {} } = config;
  const cellsMade = pullMap(
    manifest.outcomes(),
    async (outcome) => {
      await thumbnails.make(outcome);
      return sheetCells(outcome, thumbnails).length;
    },
    { concurrency: encoderConcurrency() },
  );
  return cellsMade.pipe(
    reduce((total, cells) => total + cells, 0),
    concatMap((total) =>
      concat(
        defer(() => writeGallery(folder, { outcomes: manifest.outcomes(), report, thumbnails })),
        defer(() =>
          writeContactSheet(folder, allCells(manifest.outcomes(), thumbnails), total, {
            isSimulated: isSimulated(report.service),
          }),
        ),
      ),
    ),
    ignoreElements(),
    catchError((error: unknown) => {
      emit({ type: 'warning', message: `The gallery could not be made: ${outcomeError(error).message}` });
      return EMPTY;
    }),
  );
}

async function* allCells(outcomes: AsyncIterable<Outcome>, thumbnails: Thumbnails) {
  for await (const outcome of outcomes) yield* sheetCells(outcome, thumbnails);
}
