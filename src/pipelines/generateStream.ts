import { ignoreElements, lastValueFrom, merge, NEVER, Observable, Subject } from 'rxjs';
import { createFifoQueue } from '../operators/internal/fifoQueue.ts';
import type { Outcome } from '../types.ts';
import { generate } from './generate.ts';
import type { GenerateConfig } from './journey/config.ts';
import type { PlanSource } from './run/recoveryRounds.ts';

/** An outcome that waits for the consumer; its job stays in flight until it is taken. */
interface Offer {
  readonly outcome: Outcome;
  readonly taken: () => void;
}

/**
 * Runs `generate` as an async iterator, whose consumer sets the pace:
 *
 *     for await (const outcome of generateStream(plans, config)) await publish(outcome);
 *
 * A job stays in flight until the loop comes back for the next outcome. A slow loop therefore holds
 * the run back once the limit of jobs in flight is reached: twice `concurrency` plus `downloads`,
 * with the strategy `stream`. The run begins when you ask for the first outcome.
 *
 * Leaving the loop stops the run: no more jobs begin, and jobs in flight, which may be paid, are
 * finished and saved before the loop is left; let `config.cancel` emit to cancel them instead. An
 * error that ends the run is thrown once all outcomes before it have been taken.
 */
export async function* generateStream(
  plans: PlanSource,
  config: GenerateConfig,
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
  const stop = merge(config.stop ?? NEVER, left);
  const run = generate(plans, { ...config, stop, handOver }).pipe(ignoreElements());
  const end = lastValueFrom(run, { defaultValue: null });
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
