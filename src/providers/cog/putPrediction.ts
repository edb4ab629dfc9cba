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
import { ProviderError } from '../../errors.ts';
import type { CreateOptions, Provider } from '../../ports.ts';
import type { Prediction, PredictionRequest } from '../../types.ts';
import { type CogCaller, cogPrediction } from './caller.ts';

interface CogPutConfig {
  /** Time for a run, where the create names none. */
  runTimeoutMs: number;
  /** Completes when the model can be run. */
  readiness: Observable<never>;
  /** Ends a run. */
  cancel: (id: string) => Observable<Prediction>;
  /** Before a PUT is sent again. */
  pauseMs: number;
  /** Clock of the pauses. */
  scheduler: SchedulerLike;
}

/** How often a PUT of unknown outcome is sent again. */
const REPEATS = 5;

/**
 * The create of a container: a PUT with an id of our own whose answer comes with the output, at the end of the run.
 *
 *     answered after 3 s           3s (p|)
 *     connection lost, free again  ? 1s 3s (p|)         ?: Cog ends what nobody waits for, so it runs anew
 *     connection lost, runs still  ? 1s . 1s 3s (p|)    .: joined, asked again until it has ended
 *
 * Nobody can ask a container what became of a lost PUT. The same PUT, with the same id, can be sent again: while the
 * prediction runs it begins no second one.
 */
export function putPrediction(call: CogCaller, config: CogPutConfig): Provider['createPrediction'] {
  const { runTimeoutMs, readiness, cancel, pauseMs, scheduler } = config;
  return (request, options) =>
    defer(() => {
      const id = newPredictionId();
      const endsAtMs = scheduler.now() + (options.cancelAfterMs ?? runTimeoutMs);
      const put = defer(() =>
        call({
          method: 'PUT',
          path: `/predictions/${id}`,
          body: bodyOf(id, request, options),
          timeoutMs: Math.max(1, endsAtMs - scheduler.now()),
          read: (body) => cogPrediction(body, id, request),
        }),
      ).pipe(concatMap((prediction) => (isRunning(prediction) ? throwError(stillRunning) : of(prediction))));
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

/** A repeated PUT that is answered at once has joined what runs. */
function isRunning({ status }: Prediction): boolean {
  return status === 'starting' || status === 'processing';
}

function stillRunning(): ProviderError {
  return new ProviderError('ERR_STILL_RUNNING', 'The prediction runs on though its answer was lost', {
    tookEffect: 'unknown',
    recoverable: true,
  });
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

/** Leaving has ended the run already; the cancel is for containers that do not notice. */
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

/** 26 letters and digits, 130 random bits: an id for a prediction as Cog advises it. */
function newPredictionId(): string {
  return Array.from(randomBytes(LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join('');
}
