import { concatMap, EMPTY, mergeMap, type Observable, range, tap, timer, VirtualTimeScheduler } from 'rxjs';
import { createGovernor } from '../../src/operators/pace/governor.ts';
import { createRateLimit } from '../../src/simulator/api/guardCalls.ts';
import { createRandom } from '../../src/simulator/engine/random.ts';
import type { CreateLimits } from '../../src/types.ts';

export interface Service {
  perMinute: number;
  burst: number;
  /** True if its responses name limits. */
  hasHeaders?: boolean;
  /** Changes the wait that it names. Default: unchanged. */
  named?: (retryAfterMs: number) => number | null;
  /** Changes the limits that it names. Default: unchanged. */
  limits?: (limits: CreateLimits) => CreateLimits;
  /** The create requests of other processes of the account, evenly spread. Default 0. */
  othersPerMinute?: number;
}

export interface Load {
  jobs: number;
  concurrency: number;
  /** Time from an accepted create request to its response, give or take a third. Default 1,600. */
  tookMs?: number;
  /** A create request travels for 5 ms to this much more. Default 30. */
  jitterMs?: number;
  /** Time to the response of a refused one. Default: the same. */
  refusalJitterMs?: number;
  /** `--rate`. Default 600. */
  perMinute?: number;
  burst?: number;
  seed?: number;
}

/**
 * Sends create requests through a governor to a service with the simulator's bucket, in virtual
 * time.
 */
export function runGoverned(service: Service, load: Load) {
  const { hasHeaders = false, named = (waitMs) => waitMs, limits = (same) => same } = service;
  const { jobs, concurrency, tookMs = 1_600, jitterMs = 30, refusalJitterMs = jitterMs } = load;
  const { perMinute = 600, burst, seed = 1 } = load;
  const scheduler = new VirtualTimeScheduler();
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  const random = createRandom(`governed ${seed}`);
  const after = (ms: number) => timer(ms, scheduler);
  const governor = createGovernor({ perMinute, scheduler, ...(burst === undefined ? {} : { burst }) });
  const ask = createRateLimit(service.perMinute, service.burst, () => scheduler.now());
  const seen = { made: 0, refused: 0, admittedAtMs: [] as number[], acceptedAtMs: [] as number[] };

  const create = (): Observable<unknown> =>
    governor.admit().pipe(
      tap(() => seen.admittedAtMs.push(scheduler.now())),
      concatMap((ticket) =>
        after(5 + jitterMs * random.next()).pipe(
          concatMap(() => {
            const { isAllowed, remaining, resetS, retryAfterS } = ask();
            if (isAllowed) {
              seen.acceptedAtMs.push(scheduler.now());
              return after(tookMs * (0.67 + 0.66 * random.next())).pipe(
                concatMap(() => {
                  seen.made += 1;
                  ticket.accepted(hasHeaders ? limits({ remaining, fullInMs: resetS * 1_000 }) : null);
                  return EMPTY;
                }),
              );
            }
            seen.refused += 1;
            return after(5 + refusalJitterMs * random.next()).pipe(
              concatMap(() => {
                ticket.refused(named(retryAfterS * 1_000));
                return after(0).pipe(concatMap(create));
              }),
            );
          }),
        ),
      ),
    );
  const { othersPerMinute = 0 } = service;
  const others = () => {
    ask();
    if (seen.made < jobs) scheduler.schedule(others, 60_000 / othersPerMinute);
  };
  if (othersPerMinute > 0) others();
  range(jobs).pipe(mergeMap(create, concurrency)).subscribe();
  scheduler.flush();
  return { ...seen, tookMs: (seen.acceptedAtMs.at(-1) ?? 0) - (seen.acceptedAtMs[0] ?? 0) };
}

/** The least time in which the service accepts so many. */
export function allowedMs({ perMinute, burst }: Service, jobs: number): number {
  return (Math.max(0, jobs - burst) / perMinute) * 60_000;
}
