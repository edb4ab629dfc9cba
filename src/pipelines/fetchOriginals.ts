import { join } from 'node:path';
import { concatMap, map, merge, type Observable, type OperatorFunction, of } from 'rxjs';
import { areWhole } from '../areWhole.ts';
import { fromAbortable } from '../fromAbortable.ts';
import { downloadOutput } from '../operators/downloadOutput.ts';
import { gate } from '../operators/gate.ts';
import type { FetchedOutput, ImageFile, Plan, Prediction } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';
import { noteCreated } from './noteCreated.ts';

/**
 * Brings a prediction's files into the run folder and writes down that they are there. What an earlier run has brought
 * already is not fetched again.
 */
export function fetchOriginals(account: JobAccount, run: Run): OperatorFunction<Prediction, FetchedOutput> {
  const { plan, filesLeft } = account;
  return concatMap((prediction) => {
    const fetched = of(prediction).pipe(
      downloadOutput(run.downloader, {
        stem: join(run.folder, plan.path),
        urlsOf: run.answers.urlsOf,
        within: gate(run.downloads),
        scheduler: run.scheduler,
        random: run.random,
      }),
      concatMap((files) => note(files, prediction, plan, run)),
    );
    if (filesLeft.length === 0) return merge(noteCreated(prediction, account, run), fetched);
    return fromAbortable(() => areWhole(filesLeft)).pipe(
      concatMap((isThere) => (isThere ? of({ prediction, files: filesLeft }) : fetched)),
    );
  });
}

function note(
  files: readonly ImageFile[],
  prediction: Prediction,
  plan: Plan,
  run: Run,
): Observable<FetchedOutput> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  run.emit({ type: 'downloaded', index: plan.index, bytes });
  return run.journal
    .record(plan, { type: 'downloaded', prediction, files })
    .pipe(map(() => ({ prediction, files })));
}
