import { expect, it } from 'vitest';
import type { RunRecovery } from '../../../src/pipelines/journey/run.ts';
import { openState } from '../../../src/pipelines/run/runState.ts';

it('stops a run that is halted without subscribers, also for later ones', () => {
  const { state, control } = openState({}, { recoveryRounds: 1 } as RunRecovery);
  const fault = new Error('402');
  state.halt(fault);
  expect(state).toMatchObject({ isStopped: true, fault });
  let stops = 0;
  control.stop.subscribe(() => {
    stops += 1;
  });
  expect(stops).toBe(1);
});
