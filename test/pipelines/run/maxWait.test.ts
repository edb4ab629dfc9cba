import { setImmediate } from 'node:timers/promises';
import { defer, delay, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { exitCodeOfError } from '../../../src/cli/script/exit.ts';
import { ProviderError } from '../../../src/errors.ts';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import { createGovernor } from '../../../src/operators/pace/governor.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import type { Provider } from '../../../src/ports.ts';
import { createMemoryJournal } from '../../../src/store/memoryJournal.ts';
import type { Outcome } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { aPlan, runOf } from '../../helpers/runOf.ts';
import { VirtualClock } from '../../helpers/virtualClock.ts';

const MINUTE_MS = 60_000;
const plans = () => Array.from({ length: 8 }, (_, index) => aPlan(index));

/** Runs eight jobs with a service that refuses requests by `refuses`; `count` is 1-based. */
async function run(refuses: (count: number) => number | null | false, maxWaitMs = 10 * MINUTE_MS) {
  const scheduler = new VirtualClock();
  const sentAtMs: number[] = [];
  const createPrediction: Provider['createPrediction'] = ({ input }) =>
    defer(() => {
      sentAtMs.push(scheduler.now());
      const retryAfterMs = refuses(sentAtMs.length);
      if (retryAfterMs === false) {
        return of(aPrediction({ id: `p${sentAtMs.length}`, input })).pipe(delay(100, scheduler));
      }
      const wait = retryAfterMs === null ? {} : { retryAfterMs };
      return throwError(
        () =>
          new ProviderError('ERR_THROTTLED', 'no', {
            status: 429,
            recoverable: true,
            reason: 'Your spend limit is reached.',
            ...wait,
          }),
      );
    });
  const journal = createMemoryJournal();
  const { config, events } = runOf({
    provider: fakeProvider({ createPrediction }),
    governor: createGovernor({ perMinute: 600, maxWaitMs, scheduler }),
    journal,
    concurrency: 3,
    scheduler,
  });
  const outcomes: Outcome[] = [];
  let fault: unknown = null;
  let endedAtMs: number | null = null;
  const end = (error: unknown = null) => {
    fault = error;
    endedAtMs = scheduler.now();
  };
  generate(plans, config).subscribe({
    next: (outcome) => outcomes.push(outcome),
    error: end,
    complete: end,
  });
  // Plans are pulled by promises, which pass no virtual time.
  while (endedAtMs === null && scheduler.now() < 60 * MINUTE_MS) {
    await setImmediate();
    scheduler.advance(100);
  }
  return { outcomes, fault, endedAtMs, sentAtMs, events, journal };
}

const pauses = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'rate.paused' ? [`${event.reason} ${event.waitMs}`] : []));

it('continues after one wait of 31 years, a minute later', async () => {
  const { outcomes, fault, sentAtMs, endedAtMs, events } = await run((count) => count === 4 && 1e12);
  expect(fault).toBeNull();
  expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill('saved'));
  expect(sentAtMs).toHaveLength(9);
  expect(endedAtMs).toBeLessThan(90_000);
  expect(pauses(events)).toEqual(['refused 60000']);
});

it('ends a run that would have to wait for longer, as after a 402; the next one continues', async () => {
  const { outcomes, fault, sentAtMs, endedAtMs, journal } = await run((count) => count > 3 && 20 * MINUTE_MS);
  expect(fault).toMatchObject({ code: 'ERR_WAIT_TOO_LONG', stopsRun: true });
  expect(exitCodeOfError(fault)).toBe(3);
  expect(outcomes.map(({ status }) => status)).toEqual(['saved', 'saved', 'saved']);
  expect(endedAtMs).toBeLessThan(70_000);
  expect(sentAtMs.length).toBeLessThan(10);
  // Nothing is left open: each of these requests was refused.
  expect([...journal.openIndexes()]).toEqual([]);
});

it('waits for as long as the service asks if that is no longer than allowed', async () => {
  const { outcomes, fault, endedAtMs, events } = await run((count) => count === 4 && 9 * MINUTE_MS);
  expect(fault).toBeNull();
  expect(outcomes).toHaveLength(8);
  expect(endedAtMs).toBeGreaterThan(9 * MINUTE_MS);
  expect(pauses(events)).toEqual([`refused ${9 * MINUTE_MS}`]);
});

it('ends a run whose requests are all refused, after the time allowed, and reports its wait', async () => {
  const { outcomes, fault, endedAtMs, events } = await run(() => null, 5 * MINUTE_MS);
  expect(fault).toMatchObject({
    code: 'ERR_WAIT_TOO_LONG',
    message: expect.stringContaining('(Your spend limit is reached.)'),
  });
  expect(outcomes).toEqual([]);
  expect(endedAtMs).toBeGreaterThan(3 * MINUTE_MS);
  expect(endedAtMs).toBeLessThanOrEqual(5 * MINUTE_MS);
  expect(new Set(pauses(events))).toContain('refused 32000');
  expect(events).toContainEqual({
    type: 'rate.paused',
    waitMs: 32_000,
    reason: 'refused',
    message: 'Your spend limit is reached.',
  });
});
