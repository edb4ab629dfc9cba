import { Observable, type OperatorFunction, type Subscriber } from 'rxjs';
import { checkedItem } from '../../base/items/checkedRequest.ts';
import { createFifoQueue } from '../../base/items/fifoQueue.ts';
import { expectConcurrency } from '../../base/items/flattenAll.ts';
import { type Failed, failItem, type Item, type ItemRequest, isFailed } from '../../base/items/item.ts';
import { expectOption } from '../../base/options.ts';
import type { Ledger, ProviderAnswers, Reservation } from '../../ports.ts';
import type { PricedRequest } from '../../types.ts';
import { expectConfig, expectMicroUsd } from '../internal/options.ts';
import { overBudget } from './overBudget.ts';

export interface BudgetTakeConfig<R> {
  /**
   * Returns the price of a request in whole millionths of a US dollar; null if none is known, which
   * a ledger with a limit refuses. Give the prices of the service, `provider.answers.estimateOf`,
   * unless the requests are plans that have them. Default: `priceMicroUsd` of the request.
   */
  priceOf?: ((request: R) => number | null) | undefined;
  /**
   * Reservations open at a time: an integer of 1 or more, or Infinity. The next request is taken
   * when one is closed. Default 10.
   */
  concurrency?: number;
}

/**
 * Takes requests as money and slots allow, and emits each as an item with the money reserved for
 * it. A request that the budget has no room for is emitted as a failed item (`BudgetError`), and so
 * is one without a price, if there is a limit, and a value that is no request. Reserved and spent
 * money never exceeds the ledger's limit, at any concurrency.
 *
 *     requests, 2 each, limit 4   a-b-c|
 *     budgetTake                  a-b-c|        c has failed
 *     requests, concurrency 1     (abc|)
 *     settled after 3 ms          ---s--s--s
 *     budgetTake                  a--b--(c|)
 *
 * Further operators close the reservations by themselves: `createPrediction` releases those of
 * items that made nothing, `awaitPrediction` settles the others with their final costs. After an
 * unsubscribe, money that may be paid counts as paid. A step of your own that drops an item calls
 * `item.reservation.release()`.
 *
 * If `priceOf` throws, or returns no amount of money, the stream emits that error.
 */
export function budgetTake<R extends ItemRequest>(
  ledger: Ledger,
  config: BudgetTakeConfig<R> = {},
): OperatorFunction<R, Item<R> | Failed<R>> {
  const { priceOf = ({ priceMicroUsd = null }) => priceMicroUsd, concurrency = 10 } = config;
  expectConcurrency(concurrency);
  return (source) =>
    new Observable((subscriber) => {
      const taker = new Taker(ledger, priceOf, concurrency, subscriber);
      return source.subscribe({
        next: (request) => taker.join(request),
        error: (error: unknown) => subscriber.error(error),
        complete: () => taker.end(),
      });
    });
}

const advice = 'Raise `limitMicroUsd` of the ledger, and send only the requests again that had no room.';

const refused = { stage: 'creation', prediction: null, costMicroUsd: 0 } as const;

/** One subscription to a `budgetTake`. */
class Taker<R extends ItemRequest> {
  readonly #ledger: Ledger;
  readonly #priceOf: (request: R) => number | null;
  readonly #concurrency: number;
  readonly #subscriber: Subscriber<Item<R> | Failed<R>>;
  readonly #line = createFifoQueue<{ readonly request: R }>();
  #index = 0;
  /** Reservations that are open. */
  #open = 0;
  #hasEnded = false;
  /**
   * True while the loop runs: a reservation that is closed while its item is emitted is another
   * turn of the loop, not a loop within it.
   */
  #isTaking = false;

  constructor(
    ledger: Ledger,
    priceOf: (request: R) => number | null,
    concurrency: number,
    subscriber: Subscriber<Item<R> | Failed<R>>,
  ) {
    this.#ledger = ledger;
    this.#priceOf = priceOf;
    this.#concurrency = concurrency;
    this.#subscriber = subscriber;
  }

  join(request: R): void {
    this.#line.join({ request });
    this.#take();
  }

  end(): void {
    this.#hasEnded = true;
    this.#take();
  }

  #take(): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    while (this.#open < this.#concurrency && !this.#subscriber.closed) {
      const next = this.#line.takeFirst();
      if (next === undefined) break;
      this.#emit(next.request);
    }
    this.#isTaking = false;
    if (this.#hasEnded && this.#line.size === 0) this.#subscriber.complete();
  }

  #emit(request: R): void {
    let item = checkedItem<R>({ index: this.#index++, request, reservation: null });
    try {
      if (!isFailed(item)) item = this.#reserve(item);
    } catch (error) {
      this.#subscriber.error(error);
      return;
    }
    this.#subscriber.next(item);
  }

  #reserve(item: Item<R>): Item<R> | Failed<R> {
    // A price that is missing in a table of yours is undefined, even if its type excludes that.
    const priceMicroUsd = this.#priceOf(item.request) ?? null;
    const reservation = this.#ledger.reserve(priceMicroUsd);
    if (reservation !== null) return { ...item, reservation: this.#counted(reservation) };
    const error = overBudget(item.request.model, priceMicroUsd, this.#ledger.refusedBy?.(), advice);
    return failItem(item, error, refused);
  }

  /** Counts a reservation as open until it is closed. */
  #counted(reservation: Reservation): Reservation {
    this.#open += 1;
    let isOpen = true;
    const close = (how: () => void): void => {
      how();
      if (!isOpen) return;
      isOpen = false;
      this.#open -= 1;
      this.#take();
    };
    return {
      microUsd: reservation.microUsd,
      settle: (actualMicroUsd) => close(() => reservation.settle(actualMicroUsd)),
      release: () => close(() => reservation.release()),
    };
  }
}

/**
 * Returns the money that a budget reserves for a request, in millionths of a US dollar: its own
 * price, or that of the service if it is higher. Null if neither is known.
 */
export function expectedPrice(
  { priceMicroUsd, ...request }: PricedRequest,
  { estimateOf }: Pick<Partial<ProviderAnswers>, 'estimateOf'>,
): number | null {
  const ownMicroUsd = estimateOf?.(request) ?? null;
  return ownMicroUsd === null ? priceMicroUsd : Math.max(ownMicroUsd, priceMicroUsd ?? 0);
}

export interface LedgerConfig {
  /** Whole millionths of a US dollar; Infinity sets no limit. */
  limitMicroUsd: number;
  /** Money that earlier runs spent under the same limit. Default 0. */
  spentMicroUsd?: number;
  /**
   * Money that earlier runs reserved under the same limit, for attempts that are open: reserved
   * until `resume` takes it over. Default 0.
   */
  openMicroUsd?: number;
  /** Called once, when reserved and spent money first reaches `warnAt`. Default: no-op. */
  onWarning?: (ledger: Ledger) => void;
  /** Part of the limit, 0…1. Default 0.8. */
  warnAt?: number;
}

/**
 * Creates a ledger that keeps reserved plus spent money at or below a limit. Only a settled cost
 * can exceed it, if a prediction was dearer than its estimate, and money that earlier runs may have
 * paid; after that nothing is reserved any more.
 */
export function createLedger(config: LedgerConfig): Ledger {
  expectConfig(config, 'limitMicroUsd');
  const { limitMicroUsd, spentMicroUsd = 0, openMicroUsd = 0, onWarning = () => {}, warnAt = 0.8 } = config;
  expectMicroUsd(limitMicroUsd === Number.POSITIVE_INFINITY ? 0 : limitMicroUsd, 'limitMicroUsd');
  expectMicroUsd(spentMicroUsd, 'spentMicroUsd');
  expectMicroUsd(openMicroUsd, 'openMicroUsd');
  expectOption(warnAt >= 0 && warnAt <= 1, 'warnAt', 'a number from 0 to 1', warnAt);
  /** The part of `reserved` that is for attempts of earlier runs, not resumed so far. */
  let open = openMicroUsd;
  let reserved = open;
  let spent = spentMicroUsd;
  let warned = false;

  const warn = (ledger: Ledger) => {
    if (warned || reserved + spent < warnAt * limitMicroUsd) return;
    warned = true;
    onWarning(ledger);
  };

  const reservationOf = (microUsd: number): Reservation => {
    warn(ledger);
    let isOpen = true;
    const close = (actualMicroUsd: number) => {
      expectMicroUsd(actualMicroUsd, 'actualMicroUsd');
      if (!isOpen) return;
      isOpen = false;
      reserved -= microUsd;
      spent += actualMicroUsd;
      warn(ledger);
    };
    return { microUsd, settle: close, release: () => close(0) };
  };

  const ledger: Ledger = {
    get reservedMicroUsd() {
      return reserved;
    },
    get spentMicroUsd() {
      return spent;
    },
    reserve(givenMicroUsd) {
      // A price that is missing in a table of yours is undefined, even if its type excludes that.
      const priceMicroUsd = givenMicroUsd ?? null;
      if (priceMicroUsd === null && limitMicroUsd !== Number.POSITIVE_INFINITY) return null;
      const microUsd = priceMicroUsd ?? 0;
      expectMicroUsd(microUsd, 'microUsd');
      if (reserved + spent + microUsd > limitMicroUsd) return null;
      reserved += microUsd;
      return reservationOf(microUsd);
    },
    resume(microUsd) {
      expectMicroUsd(microUsd, 'microUsd');
      const known = Math.min(open, microUsd);
      open -= known;
      reserved += microUsd - known;
      return reservationOf(microUsd);
    },
  };
  return ledger;
}
