import { merge, NEVER, of, ReplaySubject, type SchedulerLike, Subject, tap } from 'rxjs';
import type { EmitEvent } from '../../events/runEvent.ts';
import { type Breaker, createBreaker } from '../../operators/pace/circuitBreaker.ts';
import type { Control, Limits } from '../journey/config.ts';
import { outcomeError } from '../journey/outcomes.ts';
import type { RunControl, RunRecovery, RunState } from '../journey/run.ts';
import { runDefaults } from './settings.ts';

/**
 * Creates the part of a run that changes, and the `stop` that changes it: emitted by the caller, or
 * by a job that halts the run.
 */
export function openState(
  { stop = NEVER, cancel = NEVER, paused = of(false) }: Control,
  { recoveryRounds }: RunRecovery,
): { state: RunState; control: RunControl } {
  // There may be no subscriber just then: the feed is done, and a further round has not begun.
  const halted = new ReplaySubject<void>(1);
  let isStopped = false;
  let runFault: unknown = null;
  const state: RunState = {
    postponed: new Map(),
    leftFeed: new Subject(),
    roundsLeft: recoveryRounds,
    get isStopped() {
      return isStopped;
    },
    get fault() {
      return runFault;
    },
    halt(fault) {
      runFault ??= fault;
      isStopped = true;
      halted.next();
    },
  };
  const noteStop = tap(() => {
    isStopped = true;
  });
  return { state, control: { stop: merge(stop, halted).pipe(noteStop), cancel, paused } };
}

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

/** Creates the breaker that pauses failing models, for one run or several; null: none is paused. */
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
