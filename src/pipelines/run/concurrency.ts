import type { SchedulerLike } from 'rxjs';
import type { EmitEvent } from '../../events/runEvent.ts';
import type { Gate } from '../../operators/gate.ts';
import {
  type ConcurrencyLearnerConfig,
  createConcurrencyLearner,
} from '../../operators/pace/concurrencyLearner.ts';
import type { Strategy } from '../../types.ts';
import { strategies } from './feeds.ts';

/** Where learning begins. */
const AUTO_FIRST = 4;

/** Predictions in flight at most. `concurrency` is what was asked for; null or undefined: nothing. `auto`: at first. */
export function concurrencyOf(strategy: Strategy, concurrency: number | 'auto' | null | undefined): number {
  const { defaultConcurrency, maxConcurrency } = strategies[strategy];
  const wanted = concurrency === 'auto' ? AUTO_FIRST : (concurrency ?? defaultConcurrency);
  return Math.min(wanted, maxConcurrency);
}

/** Up to which median time of a prediction so many at a time are sensible. */
const steps = [
  { belowSeconds: 5, concurrency: 20 },
  { belowSeconds: 15, concurrency: 10 },
] as const;
const slowest = 5;

/**
 * How many predictions at a time suit a model that takes so long: under 5 s 20, under 15 s 10, else 5. A rule of thumb of production
 * guides, which keeps creates below three or so a second whatever the model; measure with more where it matters.
 */
export function recommendConcurrency(medianSeconds: number): number {
  return steps.find(({ belowSeconds }) => medianSeconds < belowSeconds)?.concurrency ?? slowest;
}

/** Passes events on, and lets the slots of a run follow what they tell of its pace and of refusals. */
export function adjustConcurrency(
  slots: Gate,
  config: ConcurrencyLearnerConfig,
  emit: EmitEvent,
  scheduler: SchedulerLike,
): EmitEvent {
  const learner = createConcurrencyLearner(config);
  return (event) => {
    emit(event);
    if (event.type === 'rate.paused') learner.refused(scheduler.now());
    else if (event.type === 'prediction.completed' && event.status !== 'failed') {
      learner.completed(scheduler.now(), slots.running);
    } else return;
    if (learner.places === slots.places) return;
    slots.resize(learner.places);
    emit({ type: 'concurrency.changed', concurrency: learner.places });
  };
}
