import { defer, finalize, map, NEVER, Observable, type SchedulerLike, Subscription, tap } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { Provider } from '../../ports.ts';
import type { ModelInput, Prediction } from '../../types.ts';
import { expectWait } from '../internal/options.ts';
import { isRecoverable } from '../internal/retryPolicies.ts';
import { type ClaimedIds, createClaimedIds } from './claimedIds.ts';
import { type Attempt, areAlike } from './lost/attempt.ts';
import { judgeLook, type Look } from './lost/judgeLook.ts';
import { takenByAnother, uncertain, unread, wrongResponse } from './lost/lostErrors.ts';
import { createOwnPredictions } from './lost/ownPredictions.ts';
import { beginSearch, hurrySearch, isLastLook, nextTurn, noteLook, type Search } from './lost/searches.ts';
import { takeLook } from './lost/takeLook.ts';
import { contradiction } from './matchRequest.ts';
import { createSurplus, type Surplus } from './surplus.ts';
import type { ServiceOutage } from './watchService.ts';

export interface LookoutConfig {
  /** Prediction ids that jobs have claimed, in this run or an earlier one. Default: none. */
  claims?: ClaimedIds;
  /**
   * Time for which a prediction is looked for, from its create request, at least. Default 128,000.
   */
  lookForMs?: number;
  /**
   * What is known of a service that may be away: a search does not end for want of a list that
   * cannot be read, and what was lost in an outage is looked for until the list must show it, ten
   * minutes after it was lost. Default: nothing.
   */
  outage?: Pick<ServiceOutage, 'awayMs' | 'wasAway' | 'mayBeAway'>;
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
  /** Clock of the looks. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

export interface FindConfig {
  /**
   * Returns true if nothing is in flight besides lost requests. Until then a search goes on beyond
   * `lookForMs`, because each further prediction of the run may prove something. Default: true.
   */
  isAtRest?: () => boolean;
  /** Ends the search within 6 s when it emits. Default: never. */
  hurry?: Observable<unknown>;
}

/**
 * Finds the predictions of create requests whose response was lost. One for all jobs of a run: one
 * look at the list of predictions serves all of them.
 */
export interface Lookout {
  /** The predictions that jobs have claimed. */
  readonly claims: ClaimedIds;
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
/** A look covers this much time before the oldest lost request. */
const COVERED_MS = 60_000;

/**
 * Creates the lookout of a run. It reads the list on a growing interval, and concludes that nothing
 * was made only if the list provably covers the time of the request: it shows a prediction whose
 * create request was sent after the lost one had ended, or the lost one is ten minutes old. A list
 * that cannot be read proves nothing; if reading it again cannot help, `find` emits the error.
 */
export function createLookout(provider: Provider, config: LookoutConfig = {}): Lookout {
  const { claims = createClaimedIds(), lookForMs = 128_000 } = config;
  expectWait(lookForMs, 'lookForMs');
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
  let adopted: readonly Attempt[] = [];
  let turn: Subscription | null = null;
  let isLooking = false;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let breaksInARow = 0;

  const accept = (attempt: Attempt, prediction: Prediction): Prediction => {
    const differing = contradiction(attempt.request, prediction);
    if (differing !== null) {
      attempt.answeredId = prediction.id;
      throw wrongResponse(differing, attempt, prediction);
    }
    if (!claims.take(prediction.id)) throw takenByAnother(prediction);
    own.note(attempt, prediction, scheduler.now());
    return prediction;
  };
  /**
   * Claims a found prediction. Of attempts that are alike, each may have got that of another, so it
   * counts as open until none is left; a prediction without such doubt proves that the list has it.
   */
  const adopt = (attempt: Attempt, { id }: Prediction): void => {
    claims.take(id);
    const open = [...inFlight, ...[...searches].map((search) => search.attempt)];
    adopted = [...adopted, attempt].filter((one) =>
      open.some((other) => other !== one && areAlike(other, one)),
    );
    if (!adopted.includes(attempt) && own.offset !== null) own.noteFound(attempt, id);
  };

  /** A list that always breaks off proves nothing: its searches end once the run is at rest. */
  const noteBreak = ({ breaksOff = false, atMs }: Look, current: readonly Search[]): void => {
    breaksInARow = breaksOff ? breaksInARow + 1 : 0;
    if (breaksInARow < MOST_BREAKS) return;
    for (const search of current) search.deadlineMs = Math.min(search.deadlineMs, atMs);
  };

  const conclude = (look: Look, served: readonly Search[]): void => {
    const current = served.filter((search) => searches.has(search));
    noteBreak(look, current);
    const lost = current.map(({ attempt }) => attempt);
    // The list may have come late, at the end of an outage.
    const nowMs = scheduler.now();
    const ending = current.filter((one) => isLastLook(one, look.atMs) && isLastLook(one, nowMs));
    const isLast = (attempt: Attempt) => ending.some((search) => search.attempt === attempt);
    const sentAtMs = Math.min(...lost.map((attempt) => attempt.sentAtMs)) - COVERED_MS;
    own.see(new Set(look.listed.map(({ id }) => id)), { sentAtMs, lookedAtMs: look.atMs });
    const { found, neverMade } = judgeLook(
      look,
      { lost, inFlight: [...inFlight], adopted },
      { own, isClaimed: claims.has, isLast },
    );
    for (const [attempt, prediction] of found) adopt(attempt, prediction);
    for (const { attempt, subscriber } of current) {
      const prediction = found.get(attempt) ?? null;
      if (prediction !== null || neverMade.includes(attempt)) {
        surplus.settled(attempt);
        subscriber.next(prediction);
        subscriber.complete();
      } else if (isLast(attempt)) {
        surplus.left(attempt);
        subscriber.error(uncertain(null));
      }
    }
  };
  const fail = (error: unknown, served: readonly Search[], atMs: number): void => {
    for (const search of served.filter((one) => searches.has(one))) {
      if (isRecoverable(error) && !isLastLook(search, atMs)) continue;
      surplus.left(search.attempt);
      search.subscriber.error(unread(error));
    }
  };

  const look = (): void => {
    const atMs = scheduler.now();
    const served = [...searches];
    const isPatient = served.some((search) => isLastLook(search, atMs));
    for (const search of served) noteLook(search, atMs);
    isLooking = true;
    lookedAtMs = atMs;
    const attempts = served.map(({ attempt }) => attempt);
    const endLook = () => {
      isLooking = false;
      takeTurn();
    };
    // A provider may respond at once: then the next turn begins before `subscribe` returns.
    const looking = new Subscription();
    turn = looking;
    const settings = { offset: own.offset, isClaimed: claims.has, inputs, isPatient, random, scheduler };
    looking.add(
      takeLook(provider, attempts, settings).subscribe({
        next: (seen) => conclude(seen, served),
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
        const lose = () => {
          attempt.endedAtMs = scheduler.now();
        };
        return response.pipe(
          map((prediction) => accept(attempt, prediction)),
          tap({ error: lose, unsubscribe: lose }),
          finalize(() => inFlight.delete(attempt)),
        );
      }),
    find: (attempt, { isAtRest = () => true, hurry = NEVER } = {}) =>
      new Observable((subscriber) => {
        const nowMs = scheduler.now();
        attempt.endedAtMs ??= nowMs;
        const search = beginSearch({ attempt, subscriber, isAtRest, lookForMs, outage }, nowMs);
        searches.add(search);
        subscriber.add(() => leave(search));
        takeTurn();
        subscriber.add(
          hurry.subscribe(() => {
            hurrySearch(search, scheduler.now());
            takeTurn();
          }),
        );
      }),
  };
}
