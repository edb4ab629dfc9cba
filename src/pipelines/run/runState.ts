import { merge, NEVER, of, Subject, tap } from 'rxjs';
import type { Control } from '../journey/config.ts';
import type { RunControl, RunRecovery, RunState } from '../journey/run.ts';

/**
 * Creates the part of a run that changes, and the `stop` that changes it: emitted by the caller, or
 * by a job that halts the run.
 */
export function openState(
  { stop = NEVER, cancel = NEVER, paused = of(false) }: Control,
  { recoveryRounds }: RunRecovery,
): { state: RunState; control: RunControl } {
  const halted = new Subject<void>();
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
      halted.next();
    },
  };
  const noteStop = tap(() => {
    isStopped = true;
  });
  return { state, control: { stop: merge(stop, halted).pipe(noteStop), cancel, paused } };
}
