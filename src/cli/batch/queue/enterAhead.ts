import { catchError, concat, defer, EMPTY, endWith, ignoreElements, type Observable } from 'rxjs';
import { messageOf } from '../../../base/text.ts';
import type { Database } from '../../../fleet/database/connection.ts';
import { followOutcomes } from '../../../fleet/producer/importOutcomes.ts';
import type { JobsToPlan, PlannedBatch } from '../../../pipelines/front/planning/planBatch.ts';
import { matchInput } from '../../../pipelines/run/matching/matchInput.ts';
import { inOpenRun } from '../../../pipelines/run/openRun.ts';
import type { RunSettings } from '../../../pipelines/run/settings.ts';
import type { Bucket } from '../../../sinks/destinations/s3Bucket.ts';
import type { Batch } from '../runBatch.ts';
import { runSettings } from '../runSettings.ts';

/** A run whose outcomes are entered while workers make the rest. */
interface EnteredAhead {
  readonly database: Pick<Database, 'query'>;
  /** Its number in the database. */
  readonly run: number;
  readonly batch: Pick<Batch, 'flags' | 'folder' | 'input' | 'service'> & Pick<JobsToPlan, 'total'>;
  readonly planned: Pick<PlannedBatch, 'plans' | 'settings'>;
  /** Null: the images are in the run folder. */
  readonly bucket: Bucket | null;
  readonly warn: (message: string) => void;
}

/**
 * Enters the outcomes of a run into its folder while workers make the rest, so that little is left
 * at its end. Completes without a value once `stop` has emitted and the folder is closed.
 *
 *     parts are done                       -a-b---c----
 *     stop                                 -----s
 *     enterAhead: a and b are in the folder -----(|)     c is left to the end
 *
 * If that cannot be, such as while another command does the same, it warns: all is entered at the
 * end then.
 */
export function enterAhead(
  { database, run, batch, planned, bucket, warn }: EnteredAhead,
  stop: Observable<unknown>,
): Observable<never> {
  const { flags, folder, input, service, total } = batch;
  const { destinations: _delivered, ...chosen } = runSettings(flags);
  const settings: RunSettings = {
    ...chosen,
    folder,
    ...(input !== undefined && { input }),
    provider: service.provider,
    // Those of workers.
    keepUnfinished: flags.shared !== null,
    make: () => EMPTY,
    emit: (event) => {
      if (event.type === 'warning') warn(event.message);
    },
  };
  const { haveFiles = true, fingerprint = null } = planned.settings;
  const known = { fingerprint: haveFiles ? null : fingerprint, total, isSame: true };
  const beside = bucket === null ? null : { bucket, sidecars: flags.sidecars };
  return inOpenRun(settings, (opened) =>
    concat(
      defer(() => matchInput(planned.plans, known, opened)),
      followOutcomes(database, run, opened, beside, { stop }),
    ).pipe(ignoreElements(), endWith(null)),
  ).pipe(
    ignoreElements(),
    catchError((error: unknown) => {
      warn(`Results are entered into the folder once all is done: ${messageOf(error)}`);
      return EMPTY;
    }),
  );
}
