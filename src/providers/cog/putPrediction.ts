import { randomBytes } from 'node:crypto';
import {
  catchError,
  concat,
  concatMap,
  defer,
  map,
  type Observable,
  of,
  retry,
  type SchedulerLike,
  throwError,
  timer,
} from 'rxjs';
import { hasEnded } from '../../base/service.ts';
import { ProviderError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import type { CreateOptions, Prediction, PredictionRequest } from '../../types.ts';
import { type CogCaller, cogPrediction } from './caller.ts';

interface CogPutConfig {
  /** Time limit of a run if its create request sets none. */
  runTimeoutMs: number;
  /** Completes when the model can be run. */
  readiness: Observable<never>;
  /** Ends a run. */
  cancel: (id: string) => Observable<Prediction>;
  /** Pause before a PUT is sent again. */
  pauseMs: number;
  /** Clock of the pauses. */
  scheduler: SchedulerLike;
}

/** Most repeats of a PUT of unknown outcome. */
const REPEATS = 5;

/**
 * Creates predictions in a container: a PUT with an id chosen here. Its response brings the output
 * at the end of the run.
 *
 *     response after 3 s             3s (p|)
 *     connection lost, slot free     ? 1s 3s (p|)         ?: Cog ends a run without a waiting client, so it runs again
 *     connection lost, still running ? 1s . 1s 3s (p|)    .: joined, sent again until the run has ended
 *
 * A container cannot report the fate of a lost PUT. But the same PUT, with the same id, can be sent
 * again: while the prediction runs, it starts no second one.
 */
export function putPrediction(call: CogCaller, config: CogPutConfig): Provider['createPrediction'] {
  const { runTimeoutMs, readiness, cancel, pauseMs, scheduler } = config;
  return (request, options) =>
    defer(() => {
      const id = newPredictionId();
      const endsAtMs = scheduler.now() + (options.timeoutMs ?? options.cancelAfterMs ?? runTimeoutMs);
      const put = defer(
        () =>
          call({
            method: 'PUT',
            path: `/predictions/${id}`,
            body: bodyOf(id, request, options),
            timeoutMs: Math.max(1, endsAtMs - scheduler.now()),
            read: (body) => cogPrediction(body, id, request),
          }),
        // A repeated PUT that joins a running prediction has its response at once.
      ).pipe(concatMap((prediction) => (hasEnded(prediction) ? of(prediction) : throwError(stillRunning))));
      const run = put.pipe(
        repeatUnknown(pauseMs, scheduler),
        catchError((error: unknown) =>
          isTimeUp(error) ? endRun(id, request, cancel) : throwError(() => error),
        ),
      );
      return concat(readiness, run);
    });
}

function bodyOf(id: string, { input }: PredictionRequest, { webhookUrl }: CreateOptions) {
  const webhook =
    webhookUrl === undefined ? {} : { webhook: webhookUrl, webhook_events_filter: ['completed'] };
  return { id, input, ...webhook };
}

function stillRunning(): ProviderError {
  return new ProviderError(
    'ERR_STILL_RUNNING',
    'The prediction is still running, but its response was lost',
    {
      tookEffect: 'unknown',
      recoverable: true,
    },
  );
}

function repeatUnknown(pauseMs: number, scheduler: SchedulerLike) {
  let failures = 0;
  return retry<Prediction>({
    delay: (error: unknown) => {
      if (!(error instanceof ProviderError) || error.tookEffect === 'no' || isTimeUp(error)) throw error;
      if (error.code !== 'ERR_STILL_RUNNING') failures += 1;
      if (failures > REPEATS) throw error;
      return timer(pauseMs, scheduler);
    },
  });
}

function isTimeUp(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'ERR_REQUEST_TIMEOUT';
}

/**
 * Cancels a run. Closing the connection has ended it already, unless the container did not notice.
 */
function endRun(
  id: string,
  request: PredictionRequest,
  cancel: CogPutConfig['cancel'],
): Observable<Prediction> {
  const canceled = cogPrediction({ status: 'canceled' }, id, request);
  return cancel(id).pipe(
    map(() => canceled),
    catchError(() => of(canceled)),
  );
}

const LENGTH = 26;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** Returns a new prediction id as Cog advises: 26 letters and digits, 130 random bits. */
function newPredictionId(): string {
  return Array.from(randomBytes(LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join('');
}
