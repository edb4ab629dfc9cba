import { join } from 'node:path';
import { concatMap, map, type Observable, type OperatorFunction, of } from 'rxjs';
import { downloadOutput } from '../operators/downloadOutput.ts';
import { gate } from '../operators/gate.ts';
import type { ImageFile, Prediction } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';

/** Brings a prediction's files into the run folder and writes down that they are there. */
export function fetchOriginals(
  account: JobAccount,
  run: Run,
): OperatorFunction<Prediction, readonly ImageFile[]> {
  const { plan } = account;
  const download = downloadOutput(run.downloader, {
    stem: join(run.folder, plan.path),
    urlsOf: run.answers.urlsOf,
    within: gate(run.downloads),
    scheduler: run.scheduler,
    random: run.random,
  });
  const note = (files: readonly ImageFile[], prediction: Prediction): Observable<readonly ImageFile[]> => {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    run.emit({ type: 'downloaded', index: plan.index, bytes });
    return run.journal.record(plan, { type: 'downloaded', prediction, files }).pipe(map(() => files));
  };
  return concatMap((prediction) =>
    of(prediction).pipe(
      download,
      concatMap((files) => note(files, prediction)),
    ),
  );
}
