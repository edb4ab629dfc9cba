import { ignoreElements, lastValueFrom, Observable, Subject } from 'rxjs';
import { createFifoQueue } from '../base/items/fifoQueue.ts';
import type { Outcome } from '../types.ts';

/** An outcome that waits for the consumer; its job stays in flight until it is taken. */
interface Offer {
  readonly outcome: Outcome;
  readonly taken: () => void;
}

/** The ends of a run that an `outcomeStream` holds. */
export interface StreamControl {
  /** Hands an outcome over; completes once the consumer comes back for the next one. */
  readonly handOver: (outcome: Outcome) => Observable<never>;
  /** Emits when the consumer leaves. */
  readonly left: Observable<void>;
}

/**
 * Iterates over the outcomes that a run hands over, at the pace of the loop. The run begins when
 * the loop asks for the first one. Leaving the loop waits for the run's end; an error that ends the
 * run is thrown once all outcomes before it have been taken.
 */
export async function* outcomeStream(
  run: (control: StreamControl) => Observable<unknown>,
): AsyncGenerator<Outcome, void, undefined> {
  const offers = createFifoQueue<Offer>();
  const left = new Subject<void>();
  let isLeft = false;
  let isOver = false;
  let wake = () => {};

  const handOver = (outcome: Outcome) =>
    new Observable<never>((subscriber) => {
      if (isLeft) {
        subscriber.complete();
        return;
      }
      // The offer stays in line even if the run ends with an error meanwhile: the outcome is valid.
      offers.join({ outcome, taken: () => subscriber.complete() });
      wake();
    });
  const end = lastValueFrom(run({ handOver, left }).pipe(ignoreElements()), { defaultValue: null });
  const noteEnd = () => {
    isOver = true;
    wake();
  };
  end.then(noteEnd, noteEnd);
  let offer: Offer | undefined;
  try {
    while (true) {
      offer = offers.takeFirst();
      if (offer !== undefined) {
        yield offer.outcome;
        offer.taken();
      } else if (isOver) {
        break;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    // In this order: no new job may begin in a slot that is freed here.
    isLeft = true;
    left.next();
    for (; offer !== undefined; offer = offers.takeFirst()) offer.taken();
    await end;
  }
}
