import { inWords } from '../../base/text.ts';
import { option, ProviderError } from '../../errors.ts';

interface ClosureConfig {
  /**
   * Longest time from a refusal to the next create request that may be accepted. Beyond it the
   * closure gives up.
   */
  maxWaitMs: number;
  /** The current time in ms. */
  now: () => number;
}

/** The time after refusals in which no create request is sent. */
interface Closure {
  /** Time in ms until the next create request may be sent; 0 if one may be sent now. */
  waitMs(): number;
  /** The error of all create requests if they would have to wait for too long; else null. */
  fault(): ProviderError | null;
  /** Reports that a create request is sent. */
  sent(): void;
  /** Reports that one is no longer in flight, however it ended. */
  over(): void;
  /** Reports an accepted create request; not `isNews` if it was sent before the last refusal. */
  accepted(isNews: boolean): void;
  /**
   * Reports a refused create request, with the wait and the reason that the service named, if it
   * did. Returns the time in ms that shows the service's speed: the doubled one in place of a wait
   * that is too long to be meant.
   */
  refused(namedMs: number | null, isNews: boolean, reason?: string | null): number;
}

/**
 * First wait after a refusal that names none; doubles each time the next create request is refused
 * too, up to the longest.
 */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * Creates a closure that is open. A refusal closes it for as long as the service names, those of
 * requests that were sent together once. If that is longer than `maxWaitMs`, one request tries
 * after a minute all the same, as such a wait may be a slip. If it is refused too, or if all
 * requests have been refused for `maxWaitMs`, the closure gives up until the service may take
 * requests again. It does not give up while a request is in flight: a container that takes one at a
 * time refuses all others until that one is done.
 */
export function createClosure({ maxWaitMs, now }: ClosureConfig): Closure {
  let inFlight = 0;
  /** Refusals without an accepted create request between them. */
  let inARow = 0;
  let refusedAtMs = Number.NEGATIVE_INFINITY;
  let closedUntilMs = Number.NEGATIVE_INFINITY;
  /** The first refusal since the service has accepted a create request. */
  let refusedSinceMs: number | null = null;
  let givenUp: { readonly error: ProviderError; readonly untilMs: number } | null = null;

  const reopen = () => {
    refusedSinceMs = null;
    givenUp = null;
  };
  return {
    waitMs: () => Math.max(0, closedUntilMs - now()),
    fault() {
      if (givenUp !== null && now() >= givenUp.untilMs) {
        inARow = 0;
        reopen();
      }
      return givenUp?.error ?? null;
    },
    sent() {
      inFlight += 1;
    },
    over() {
      inFlight -= 1;
    },
    accepted(isNews) {
      if (isNews) inARow = 0;
      reopen();
    },
    refused(namedMs, isNews, reason = null) {
      if (isNews) {
        inARow += 1;
        refusedAtMs = now();
        refusedSinceMs ??= refusedAtMs;
      }
      const doubledMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, inARow - 1));
      const isNamed = namedMs !== null && namedMs > 0;
      // An endless wait and no refusal before it have no sum.
      const wantedMs = isNamed ? Math.min(namedMs, Number.MAX_SAFE_INTEGER) : doubledMs;
      const untilMs = refusedAtMs + wantedMs;
      const isTooLong = untilMs - (refusedSinceMs ?? untilMs) > maxWaitMs;
      if (isTooLong && isNews && inARow > 1 && inFlight === 0) {
        const refusedForMs = refusedAtMs - (refusedSinceMs ?? refusedAtMs);
        givenUp = { error: tooLong({ namedMs, refusedForMs, maxWaitMs, reason }), untilMs };
      }
      // Requests that were sent together are refused together, however late the responses are.
      const closedMs = isTooLong ? Math.min(wantedMs, maxWaitMs, LONGEST_WAIT_MS) : wantedMs;
      closedUntilMs = Math.max(closedUntilMs, refusedAtMs + closedMs);
      return isTooLong ? doubledMs : wantedMs;
    },
  };
}

/** The waits after which a closure gives up. */
interface LongWait {
  readonly namedMs: number | null;
  /** Time since the first refusal. */
  readonly refusedForMs: number;
  readonly maxWaitMs: number;
  /** The last reason of the service. */
  readonly reason: string | null;
}

function tooLong({ namedMs, refusedForMs, maxWaitMs, reason }: LongWait): ProviderError {
  const allowed = inWords(maxWaitMs);
  const message =
    namedMs !== null && namedMs > maxWaitMs
      ? `The service asks to wait ${inWords(namedMs)} before the next create request; ${allowed} are allowed`
      : `The service has refused all create requests for ${inWords(refusedForMs)}; the next try would exceed the ${allowed} allowed`;
  const why = reason === null ? '' : ` (${reason})`;
  return new ProviderError('ERR_WAIT_TOO_LONG', `${message}${why}`, {
    stopsRun: true,
    suggestion: `Run the same command again later, or raise ${option('--max-wait')}. Saved images are not made or paid for again.`,
  });
}
