import type { SchedulerLike } from 'rxjs';
import type { EmitEvent } from '../../events/runEvent.ts';
import { type Breaker, createBreaker } from '../../operators/pace/circuitBreaker.ts';
import type { Limits } from '../journey/config.ts';
import { outcomeError } from '../journey/outcomes.ts';
import { runDefaults } from './settings.ts';

/** The settings of a watch over the service, or over the host of its files. */
interface Watching {
  readonly maxOutageMs: number;
  /** Emits an event when the first job has to wait, and when none waits any more. */
  readonly onChange: (error: unknown, isTooLong: boolean) => void;
  readonly scheduler: SchedulerLike;
}

/** Returns the settings of a watch that reports outages by events. */
export function outageWatch(
  of: 'service' | 'files',
  { maxOutageMs = runDefaults.maxOutageMs }: Pick<Limits, 'maxOutageMs'>,
  { emit, scheduler }: { readonly emit: EmitEvent; readonly scheduler: SchedulerLike },
): Watching {
  let sinceMs = 0;
  const onChange = (error: unknown, isTooLong: boolean): void => {
    if (error === null) {
      emit({
        type: 'outage.ended',
        of,
        awayMs: scheduler.now() - sinceMs,
        ...(isTooLong ? { isTooLong: true } : {}),
      });
      return;
    }
    sinceMs = scheduler.now();
    emit({ type: 'outage.began', of, error: outcomeError(error), maxMs: maxOutageMs });
  };
  return { maxOutageMs, onChange, scheduler };
}

/** Creates what pauses models that keep failing, for one run or several; null: none is paused. */
export function openBreaker(
  failures: number,
  { emit }: { readonly emit: EmitEvent },
  { scheduler }: { readonly scheduler: SchedulerLike },
): Breaker | null {
  if (failures === 0) return null;
  return createBreaker({
    failures,
    onOpen: ({ name, failures, error, coolMs }) =>
      emit({ type: 'model.paused', model: name, failures, waitMs: coolMs, error: outcomeError(error) }),
    scheduler,
  });
}
