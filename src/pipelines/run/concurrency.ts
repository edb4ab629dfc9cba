import type { SchedulerLike } from 'rxjs';
import type { EmitEvent } from '../../events/runEvent.ts';
import { createGate, type Gate } from '../../operators/gate.ts';
import {
  type ConcurrencyLearnerConfig,
  createConcurrencyLearner,
} from '../../operators/pace/concurrencyLearner.ts';
import type { Strategy } from '../../types.ts';
import { strategies } from './feeds.ts';

/** Slots at first, with `auto`. */
const AUTO_FIRST = 4;

/**
 * Returns the number of predictions in flight at most; with `auto`, the number at first.
 * `concurrency` is the setting; null or undefined: the default of the strategy.
 */
export function concurrencyOf(strategy: Strategy, concurrency: number | 'auto' | null | undefined): number {
  const { defaultConcurrency, fixedConcurrency } = strategies[strategy];
  if (fixedConcurrency !== null) return fixedConcurrency;
  return concurrency === 'auto' ? AUTO_FIRST : (concurrency ?? defaultConcurrency);
}

/**
 * Returns the slots of a run that shares others: it has a slot while it has one of its own and one
 * of theirs. Only its own are resized.
 */
export function slotsWithin(shared: Gate, concurrency: number): Gate {
  const own = createGate(concurrency);
  return {
    get concurrency() {
      return own.concurrency;
    },
    get running() {
      return own.running;
    },
    get waiting() {
      return own.waiting;
    },
    resize: own.resize,
    enter(enter, onError, config) {
      let leaveShared = () => {};
      const leaveOwn = own.enter(
        () => {
          leaveShared = shared.enter(enter, onError, config);
        },
        onError,
        config,
      );
      return () => {
        leaveShared();
        leaveOwn();
      };
    },
  };
}

/** Sensible numbers of predictions in flight, by their median time. */
const steps = [
  { belowSeconds: 5, concurrency: 20 },
  { belowSeconds: 15, concurrency: 10 },
] as const;
const slowest = 5;

/**
 * Returns the number of predictions in flight that suits a model with this median time: 20 if it is
 * below 5 s, 10 below 15 s, else 5. A rule of thumb from production guides. It bounds no rate: 20
 * predictions of a second each make 20 create requests a second, so keep `ratePerMinute`. Measure
 * with more if it matters.
 */
export function recommendConcurrency(medianSeconds: number): number {
  return steps.find(({ belowSeconds }) => medianSeconds < belowSeconds)?.concurrency ?? slowest;
}

/**
 * Returns an `emit` that passes events on and resizes the slots by the pace and the refusals that
 * events report.
 */
export function adjustConcurrency(
  slots: Gate,
  config: ConcurrencyLearnerConfig,
  emit: EmitEvent,
  scheduler: SchedulerLike,
): EmitEvent {
  const learner = createConcurrencyLearner(config);
  return (event) => {
    emit(event);
    if (event.type === 'rate.paused' && event.reason === 'refused') learner.refused(scheduler.now());
    else if (event.type === 'prediction.completed' && event.status !== 'failed') {
      learner.completed(scheduler.now(), slots.running);
    } else return;
    if (learner.concurrency === slots.concurrency) return;
    slots.resize(learner.concurrency);
    emit({ type: 'concurrency.changed', concurrency: learner.concurrency });
  };
}
