import {
  concatMap,
  defer,
  finalize,
  map,
  NEVER,
  Observable,
  type SchedulerLike,
  Subscription,
  tap,
} from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { Claims, Provider } from '../../ports.ts';
import type { ModelInput, Prediction } from '../../types.ts';
import { checkedProvider } from '../internal/checkedProvider.ts';
import { isRecoverable } from '../internal/retryPolicies.ts';
import { afterRefresh, claimFound, createClaims } from './claims.ts';
import { createAdoptions, mayExistSinceMs, offsetFor } from './lost/adoptions.ts';
import type { Attempt } from './lost/attempt.ts';
import { createEarlyLook } from './lost/earlyLook.ts';
import { judgeLook } from './lost/judgeLook.ts';
import type { Look } from './lost/look.ts';
import { expectOwnResponse, takenByAnother, uncertain, unread } from './lost/lostErrors.ts';
import { createOwnPredictions } from './lost/ownPredictions.ts';
import {
  beginSearch,
  endSearches,
  type FindConfig,
  hurrySearch,
  isLastLook,
  nextTurn,
  noteLook,
  type Search,
} from './lost/searches.ts';
import { takeLook } from './lost/takeLook.ts';
import { createSurplus, type Surplus } from './surplus.ts';
import type { ServiceOutage } from './watchService.ts';

export interface LookoutConfig {
  /** Prediction ids that jobs have claimed, in this run or an earlier one. Default: none. */
  claims?: Claims;
  /** Least time of a search, from the create request. Default 128,000. */
  lookForMs?: number;
  /**
   * The state of a service that may be away: a search does not end for want of a list that cannot
   * be read, and a request that was lost in an outage is looked for until the list must show it,
   * ten minutes after it was lost. Default: a service that is always there.
   */
  outage?: Pick<ServiceOutage, 'awayMs' | 'wasAway' | 'mayBeAway'>;
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
  /** Clock of the looks. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Finds the predictions of create requests whose response was lost. One for all jobs of a run: one
 * look at the list of predictions serves all of them.
 */
export interface Lookout {
  /** The predictions that jobs have claimed. */
  readonly claims: Claims;
  /** Finds predictions of the run that no job has, in a list that it is shown. */
  readonly surplus: Surplus;
  /**
   * Passes on the response to a create request, and claims its prediction. Emits a `ProviderError`
   * with `tookEffect: 'unknown'` if the response is about another request (`ERR_WRONG_RESPONSE`),
   * or if another job, with an equal request, has taken its prediction meanwhile
   * (`ERR_PREDICTION_TAKEN`): then there is another one to `find`.
   */
  watch(attempt: Attempt, response: Observable<Prediction>): Observable<Prediction>;
  /**
   * Emits the prediction of a lost request, claimed for the caller, or null if it certainly made
   * none.
   *
   *     the first look finds it                          (p|)
   *     the third look finds it                          6s (p|)
   *     a look shows a later prediction, not this one    60s (0|)    0 = null
   *     no look proves anything                          130s #      ERR_UNCERTAIN
   */
  find(attempt: Attempt, config?: FindConfig): Observable<Prediction | null>;
}

const alwaysThere = { awayMs: () => 0, wasAway: () => false, mayBeAway: () => false };
/** Looks in a row whose list broke off before more of them are of no use. */
const MOST_BREAKS = 3;

/**
 * Creates the lookout of a run. It reads the list on a growing interval, and concludes that nothing
 * was made only if the list provably covers the time of the request: it shows a prediction whose
 * create request was sent after the lost one had ended, or the lost one is ten minutes old. A list
 * that cannot be read proves nothing; if reading it again cannot help, `find` emits the error.
 */
export function createLookout(provider: Provider, config: LookoutConfig = {}): Lookout {
  const { claims = createClaims(), lookForMs = 128_000 } = config;
  const { outage = alwaysThere, random = Math.random, scheduler = monotonicScheduler } = config;
  const own = createOwnPredictions();
  const surplus = createSurplus({
    isClaimed: claims.has,
    sinceMs: scheduler.now(),
    offset: () => own.offset,
    shows: () => own.shows,
  });
  const inFlight = new Set<Attempt>();
  const searches = new Set<Search>();
  const inputs = new Map<string, ModelInput>();
  const adoptions = createAdoptions(own);
  const earlyLook = createEarlyLook();
  let turn: Subscription | null = null;
  let isLooking = false;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let breaksInARow = 0;

  const openAttempts = () => [...inFlight, ...[...searches].map(({ attempt }) => attempt)];
  const accept = (attempt: Attempt, prediction: Prediction): Observable<Prediction> => {
    const respondedAtMs = scheduler.now();
    const isEarlier = own.isEarlier(attempt, prediction, respondedAtMs);
    const other = own.isOfAnother(attempt, prediction) ? 'attempt' : null;
    expectOwnResponse(attempt, prediction, isEarlier ? 'time' : other);
    return claims.take(prediction.id, attempt.owner).pipe(
      map((isTaken) => {
        if (!isTaken) throw takenByAnother(prediction);
        const sinceMs = mayExistSinceMs(attempt, prediction, openAttempts(), own);
        own.note(attempt, prediction, respondedAtMs, sinceMs);
        adoptions.responded(attempt, prediction);
        return prediction;
      }),
    );
  };
  const conclude = (look: Look, served: readonly Search[]): Observable<unknown> => {
    const current = served.filter((search) => searches.has(search));
    breaksInARow = look.breaksOff === true ? breaksInARow + (look.isAbsent ? MOST_BREAKS : 1) : 0;
    if (breaksInARow >= MOST_BREAKS) endSearches(current, look.atMs);
    if (own.offset === null) earlyLook.note(look);
    else if (own.isClockCertain) earlyLook.clear();
    const lost = current.map(({ attempt }) => attempt);
    // The list may have come late, at the end of an outage.
    const nowMs = scheduler.now();
    const ending = current.filter((one) => isLastLook(one, look.atMs) && isLastLook(one, nowMs));
    const isLast = (attempt: Attempt) => ending.some((search) => search.attempt === attempt);
    own.see(new Set(look.listed.map(({ id }) => id)), { sentAtMs: look.sinceMs, lookedAtMs: look.atMs });
    const known = { own, isClaimed: claims.has, isDisproved: earlyLook.disproves, isLast };
    const attempts = { lost, inFlight: [...inFlight], adopted: adoptions.values() };
    const { found, neverMade, awaiting } = judgeLook(look, attempts, known);
    for (const search of current) search.isAwaiting = awaiting.has(search.attempt);
    const end = (search: Search, claimed: typeof found): void => {
      const { attempt, subscriber } = search;
      const prediction = claimed.get(attempt) ?? null;
      if (prediction !== null || neverMade.includes(attempt)) {
        surplus.settled(attempt);
        subscriber.next(prediction);
        subscriber.complete();
      } else if (isLast(attempt) && isLastLook(search, nowMs) && !found.has(attempt)) {
        // If another process was faster to claim its prediction, it is looked for once more.
        subscriber.error(uncertain(null));
      }
    };
    const endAll = tap<typeof found>((claimed) => {
      for (const [attempt, prediction] of claimed) adoptions.found(attempt, prediction, openAttempts());
      for (const search of current) if (searches.has(search)) end(search, claimed);
    });
    return claimFound(found, claims).pipe(endAll);
  };
  const fail = (error: unknown, served: readonly Search[], atMs: number): void => {
    for (const search of served.filter((one) => searches.has(one))) {
      if (isRecoverable(error) && !isLastLook(search, atMs)) continue;
      search.subscriber.error(unread(error));
    }
  };
  const look = (): void => {
    const atMs = scheduler.now();
    const served = [...searches];
    const attempts = served.map(({ attempt }) => attempt);
    const isPatient = served.some((search) => isLastLook(search, atMs));
    for (const search of served) noteLook(search, atMs);
    isLooking = true;
    lookedAtMs = atMs;
    const endLook = () => {
      isLooking = false;
      takeTurn();
    };
    // A provider may respond at once: then the next turn begins before `subscribe` returns.
    const looking = new Subscription();
    turn = looking;
    const adopted = adoptions.values();
    const offset = attempts.every((one) => offsetFor(one, adopted, own) !== null) ? own.offset : null;
    const settings = { offset, isClaimed: claims.has, inputs, isPatient, random, scheduler };
    looking.add(
      afterRefresh(claims, () => takeLook(checkedProvider(provider), attempts, settings))
        .pipe(concatMap((seen) => conclude(seen, served)))
        .subscribe({
          error: (error: unknown) => {
            fail(error, served, atMs);
            endLook();
          },
          complete: endLook,
        }),
    );
  };
  const takeTurn = (): void => {
    if (isLooking) return;
    turn?.unsubscribe();
    turn = null;
    if (searches.size === 0) return;
    const { afterMs, isLook } = nextTurn([...searches], scheduler.now(), lookedAtMs);
    turn = scheduler.schedule(isLook ? look : takeTurn, afterMs);
  };
  const leave = (search: Search): void => {
    searches.delete(search);
    if (searches.size > 0) return;
    turn?.unsubscribe();
    turn = null;
    isLooking = false;
    inputs.clear();
  };

  return {
    claims,
    surplus,
    watch: (attempt, response) =>
      defer(() => {
        inFlight.add(attempt);
        surplus.sent(attempt);
        const lose = (isLeft: boolean) => {
          attempt.endedAtMs = scheduler.now();
          if (isLeft) surplus.left(attempt);
        };
        return response.pipe(
          concatMap((prediction) => accept(attempt, prediction)),
          tap({ error: () => lose(false), unsubscribe: () => lose(true) }),
          finalize(() => inFlight.delete(attempt)),
        );
      }),
    find: (attempt, { isAtRest = () => true, hurry = NEVER } = {}) =>
      new Observable((subscriber) => {
        const nowMs = scheduler.now();
        attempt.endedAtMs ??= nowMs;
        surplus.left(attempt);
        const search = beginSearch({ attempt, subscriber, isAtRest, lookForMs, outage }, nowMs);
        searches.add(search);
        subscriber.add(() => leave(search));
        takeTurn();
        const hasten = () => {
          hurrySearch(search, scheduler.now());
          takeTurn();
        };
        subscriber.add(hurry.subscribe({ next: hasten, error: (error) => subscriber.error(error) }));
      }),
  };
}
