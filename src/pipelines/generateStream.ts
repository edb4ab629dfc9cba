import { ignoreElements, lastValueFrom, merge, NEVER, Observable, Subject } from 'rxjs';
import { createFifoQueue } from '../operators/internal/fifoQueue.ts';
import type { Outcome } from '../types.ts';
import { generate } from './generate.ts';
import type { GenerateConfig } from './journey/run.ts';
import type { PlanSource } from './run/recoveryRounds.ts';

/** An outcome that waits for the consumer, and the job that keeps its place until it is taken. */
interface Offer {
  readonly outcome: Outcome;
  readonly taken: () => void;
}

/**
 * `generate` as an async iterator, with its back-pressure reaching through to whoever consumes it:
 *
 *     for await (const outcome of generateStream(plans, config)) await publish(outcome);
 *
 * A job keeps its place until the loop comes back for the next outcome. So a slow loop stops further jobs from being pulled
 * once as many have been begun as may be under way: twice `concurrency` plus `downloads`, with the strategy `stream`.
 * Nothing is begun before the first outcome is asked for.
 *
 * Leaving the loop stops the run: nothing more is begun, and what is under way, which may be paid, is finished and saved
 * before the loop is left; let `config.cancel` emit to have it cancelled instead. What ends the run with an error is
 * thrown once all outcomes before it have been taken.
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
      // It stays in line where the run ends with an error meanwhile: the outcome holds.
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
    // In this order: a place that is given back must not be taken any more.
    isLeft = true;
    left.next();
    for (; offer !== undefined; offer = offers.takeFirst()) offer.taken();
    await end;
  }
}
