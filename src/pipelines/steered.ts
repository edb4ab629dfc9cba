import type { SchedulerLike } from 'rxjs';
import {
  type ConcurrencyLearnerConfig,
  createConcurrencyLearner,
} from '../operators/createConcurrencyLearner.ts';
import type { Gate } from '../operators/createGate.ts';
import type { EmitEvent } from '../ports.ts';

/** Passes events on, and lets the slots of a run follow what they tell of its pace and of refusals. */
export function steered(
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
