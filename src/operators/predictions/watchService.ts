import { catchError, concatMap, defer, type Observable, of, type SchedulerLike, tap, throwError } from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { inWords } from '../../base/text.ts';
import { option, ProviderError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import { asChecked, checkedProvider } from '../internal/checkedProvider.ts';
import { isServiceAway, isUnconnected } from '../internal/outageErrors.ts';
import { createOutage } from '../pace/outage.ts';
import { throughOutage } from '../pace/throughOutage.ts';

export interface WatchServiceConfig {
  /**
   * Longest time for which calls wait for a service that does not respond; then they fail with
   * `ERR_WAIT_TOO_LONG`, which stops the run. Default 2,700,000.
   */
  maxOutageMs?: number;
  /**
   * Called when the first call has to wait, with the error of the last one, and with null when the
   * service responds again, or was away for too long. Default: no-op.
   */
  onChange?: (error: unknown, isTooLong: boolean) => void;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** The state of a service that may be away. */
export interface ServiceOutage {
  /**
   * Emits once and completes when a create request may be sent: at once, or when the service
   * responds again. Emits `ERR_WAIT_TOO_LONG` if it stays away for too long.
   */
  admitCreate(): Observable<unknown>;
  /** True while it does not respond to any call. */
  readonly isAway: boolean;
  /** Emits when it becomes so. */
  readonly began: Observable<unknown>;
  /** Returns the time since a moment for which nothing could be read, in ms. */
  awayMs(sinceMs: number): number;
  /** Returns true if the service was away when a create request was lost, or soon after it. */
  wasAway(lostAtMs: number): boolean;
  /** Returns true if it has accepted no create request since one was lost, after some in a row. */
  mayBeAway(lostAtMs: number): boolean;
}

/** A provider whose calls wait for the service, and the state of the service. */
export interface WatchedService {
  readonly provider: Provider;
  readonly outage: ServiceOutage;
}

/** Create requests in a row that make an outage: each of them is lost, and looked for. */
const FAILED_CREATES = 3;
/**
 * If more were sent from the first of them to the last, most do not fail: a response may take as
 * long as its prediction.
 */
const MOST_CREATES = 6;
/** Time after which the outage that a create request was lost in is known. */
const KNOWN_MS = 60_000;

/**
 * Watches all calls to a service. While it is away, reads, cancel requests and uploads wait, and
 * then are made, instead of failing; create requests wait in `admitCreate`. It is away if four of
 * the reads in a row fail and neither the list nor a prediction can be read, or if three create
 * requests of at least two callers fail, and most of those sent meanwhile. The requests of a list
 * that fails alone keep failing.
 */
export function watchService(given: Provider, config: WatchServiceConfig = {}): WatchedService {
  const provider = checkedProvider(given);
  const { maxOutageMs, onChange = () => {}, scheduler = monotonicScheduler } = config;
  const shared = { tooLong, scheduler, ...(maxOutageMs === undefined ? {} : { maxOutageMs }) };
  const away = { reads: false, creates: false };
  const noteChange = (kind: keyof typeof away) => (error: unknown, isTooLong: boolean) => {
    const wasAway = away.reads || away.creates;
    away[kind] = error !== null;
    if (kind === 'reads' && error === null) creates.hasten();
    if (wasAway !== (away.reads || away.creates)) onChange(error, isTooLong);
  };
  let knownId: string | null = null;
  let sent = 0;
  const sentAtFailures: number[] = [];
  /** Notes a failure, and returns true if it is one of few. */
  const isRareFailure = (): boolean => {
    sentAtFailures.push(sent);
    if (sentAtFailures.length > FAILED_CREATES) sentAtFailures.shift();
    return sent - (sentAtFailures[0] ?? sent) > MOST_CREATES;
  };
  const probe = () => {
    const byList = defer(() => provider.listPredictions({ createdAfterMs: wallNow(scheduler) }));
    return orResponse(byList).pipe(
      catchError((error: unknown) => {
        // The list may be broken alone.
        if (knownId === null) return throwError(() => error);
        return orResponse(provider.getPrediction(knownId));
      }),
    );
  };
  const reads = createOutage({ ...shared, probe, onChange: noteChange('reads') });
  const creates = createOutage({ ...shared, failures: FAILED_CREATES, onChange: noteChange('creates') });
  const reading = <T>(call: () => Observable<T>): Observable<T> => throughOutage(reads, call, isServiceAway);
  const { identify, isLocal, isPlain, uploadFile } = provider;
  return {
    provider: asChecked({
      answers: provider.answers,
      ...(isLocal === undefined ? {} : { isLocal }),
      ...(isPlain === undefined ? {} : { isPlain }),
      ...(identify === undefined ? {} : { identify: () => identify.call(provider) }),
      createPrediction: (request, options) =>
        defer(() => {
          const madeAtMs = scheduler.now();
          sent += 1;
          return provider.createPrediction(request, options).pipe(
            tap({
              next: ({ id }) => {
                knownId = id;
                creates.responded(madeAtMs);
              },
              error: (error: unknown) => {
                const isAway = isServiceAway(error);
                const isCertain = isUnconnected(error);
                if (isAway === true) {
                  creates.failed(error, { caller: request, isCertain, isRare: isRareFailure() });
                }
                if (isAway === false) creates.responded(madeAtMs);
              },
            }),
          );
        }),
      getPrediction: (id) =>
        reading(() => provider.getPrediction(id)).pipe(
          tap(() => {
            knownId = id;
          }),
        ),
      listPredictions: (query) => reading(() => provider.listPredictions(query)),
      cancelPrediction: (id) => reading(() => provider.cancelPrediction(id)),
      getModel: (name, version) => reading(() => provider.getModel(name, version)),
      ...(uploadFile === undefined
        ? {}
        : { uploadFile: (file) => reading(() => uploadFile.call(provider, file)) }),
    }),
    outage: {
      admitCreate: () => reads.admit().pipe(concatMap(() => creates.admit())),
      get isAway() {
        return reads.isAway;
      },
      began: reads.began,
      awayMs: reads.awayMs,
      wasAway: (lostAtMs) =>
        reads.wasAway(lostAtMs, lostAtMs + KNOWN_MS) || creates.wasAway(lostAtMs, lostAtMs + KNOWN_MS),
      mayBeAway: (lostAtMs) => creates.hasBegunBefore(lostAtMs + KNOWN_MS),
    },
  };
}

/** Turns an error that only a service that is there can send into a response. */
function orResponse(call: Observable<unknown>): Observable<unknown> {
  return call.pipe(
    catchError((error: unknown) => (isServiceAway(error) === false ? of(null) : throwError(() => error))),
  );
}

function tooLong(error: unknown, awayMs: number): ProviderError {
  const why = error instanceof Error ? `: ${error.message}` : '';
  return new ProviderError(
    'ERR_WAIT_TOO_LONG',
    `The service has not responded for ${inWords(awayMs)}${why}`,
    {
      stopsRun: true,
      suggestion: `Run the same command again when it is back, or raise ${option('--max-wait')}. Saved images are not made or paid for again.`,
      cause: error,
    },
  );
}
