import { catchError, concat, concatMap, defer, EMPTY, ignoreElements, type Observable, reduce } from 'rxjs';
import { encoderPlaces } from '../encoderPlaces.ts';
import { pullMap } from '../operators/pullMap.ts';
import { sheetCells } from '../sinks/contactSheet/sheetCells.ts';
import { writeContactSheet } from '../sinks/contactSheet/writeContactSheet.ts';
import { writeGallery } from '../sinks/gallery/writeGallery.ts';
import type { Thumbnails } from '../sinks/openThumbnails.ts';
import type { Report } from '../sinks/Report.ts';
import type { Outcome } from '../types.ts';
import type { OpenRun } from './openRun.ts';
import { outcomeError } from './outcomeError.ts';

/**
 * Leaves `gallery.html` and `contact-sheet.jpg` in the run folder, over everything the folder holds; thumbnails that earlier
 * runs did not make are made first. Completes without a value. What the disk refuses here is a warning: the run is whole
 * without it.
 */
export function showPictures(report: Report, run: OpenRun): Observable<never> {
  const { thumbnails, manifest, config } = run;
  if (thumbnails === null) return EMPTY;
  const { folder, emit = () => {} } = config;
  const cellsMade = pullMap(
    manifest.outcomes(),
    async (outcome) => {
      await thumbnails.make(outcome);
      return sheetCells(outcome, thumbnails).length;
    },
    { concurrency: encoderPlaces() },
  );
  return cellsMade.pipe(
    reduce((total, cells) => total + cells, 0),
    concatMap((total) =>
      concat(
        defer(() => writeGallery(folder, { outcomes: manifest.outcomes(), report, thumbnails })),
        defer(() => writeContactSheet(folder, allCells(manifest.outcomes(), thumbnails), total)),
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
