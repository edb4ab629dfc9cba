import type { SchedulerLike } from 'rxjs';
import type { EmitEvent } from '../../events/runEvent.ts';
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
