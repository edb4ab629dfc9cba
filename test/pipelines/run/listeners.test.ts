import { delay, of, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { toCallbacks } from '../../../src/events/listeners.ts';
import { observeRun } from '../../../src/events/observeRun.ts';
import type { EmitEvent, RunEvent } from '../../../src/events/runEvent.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import type { Provider } from '../../../src/ports.ts';
import type { Outcome } from '../../../src/types.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';
import { aPlan, runOf, succeeding } from '../../helpers/runOf.ts';
import { warnings } from '../../helpers/warnings.ts';

const warned = warnings();
const plans = Array.from({ length: 20 }, (_, index) => aPlan(index));

/** Of each five predictions the platform fails one for now, and the model one for good. */
function faulty(scheduler: VirtualTimeScheduler): Provider {
  const provider = succeeding({ tookMs: 100, scheduler });
  let made = 0;
  return {
    ...provider,
    createPrediction: (request, options) => {
      made += 1;
      const error = made % 5 === 0 ? 'platform' : 'NSFW';
      if (made % 5 > 1) return provider.createPrediction(request, options);
      const failed = aPrediction({
        id: `f${made}`,
        input: request.input,
        status: 'failed',
        output: null,
        outputComplete: false,
        error,
      });
      return of(failed).pipe(delay(50, scheduler));
    },
  };
}

/** Runs in virtual time with a listener; returns each outcome with the moment it came. */
async function run(listen: (scheduler: VirtualTimeScheduler) => EmitEvent) {
  const scheduler = new VirtualTimeScheduler();
  const { config, kept } = runOf({
    scheduler,
    provider: faulty(scheduler),
    concurrency: 3,
    emit: listen(scheduler),
  });
  const seen: [ms: number, outcome: Outcome][] = [];
  let error: unknown = null;
  generate(() => plans, config).subscribe({
    next: (outcome) => seen.push([scheduler.now(), outcome]),
    error: (reason) => {
      error = reason;
    },
  });
  await settled(scheduler);
  return { seen, kept, error, endedAtMs: scheduler.now() };
}

/** Plans are pulled through promises: virtual time moves on when those are done. */
async function settled(scheduler: VirtualTimeScheduler): Promise<void> {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  while (scheduler.actions.length > 0) {
    scheduler.maxFrames = Number.POSITIVE_INFINITY;
    scheduler.flush();
    await turn();
  }
}

const oops = () => {
  throw new Error('oops');
};
const listeners: [string, () => EmitEvent][] = [
  ['throws', () => oops],
  [
    'throws now and then',
    () =>
      ({ type }) =>
        type === 'image.saved' ? oops() : undefined,
  ],
  ['is rejected', () => async () => oops()],
  ['takes ten seconds', () => () => new Promise((resolve) => setTimeout(resolve, 10_000).unref())],
  ['never resolves', () => () => new Promise(() => {})],
  [
    'throws in each callback',
    () => toCallbacks({ onStart: oops, onResult: oops, onProgress: oops, onRetry: oops }),
  ],
];

describe('a run', () => {
  it.each(listeners)('is undisturbed by a listener that %s', async (_how, listen) => {
    const quiet = await run(() => () => {});
    expect(quiet.error).toBeNull();
    expect(quiet.seen).toHaveLength(20);
    expect(new Set(quiet.seen.map(([, { status }]) => status))).toEqual(new Set(['saved', 'failed']));
    expect(await run(listen)).toEqual(quiet);
  });

  it('is undisturbed by many listeners to its stream that throw, leave or come late', async () => {
    const quiet = await run(() => () => {});
    const heard: RunEvent[] = [];
    const scheduler = new VirtualTimeScheduler();
    const { config, kept } = runOf({ scheduler, provider: faulty(scheduler), concurrency: 3 });
    const { end, events } = observeRun((emit) => generate(() => plans, { ...config, emit }));
    events.subscribe(oops);
    const leaving = events.subscribe(() => leaving.unsubscribe());
    events.subscribe((event) => {
      if (heard.push(event) === 5) events.subscribe(oops);
    });
    const seen: [ms: number, outcome: Outcome][] = [];
    end.subscribe((outcome) => seen.push([scheduler.now(), outcome]));
    await settled(scheduler);
    expect({ seen, kept, error: null, endedAtMs: scheduler.now() }).toEqual(quiet);
    expect(heard.filter((event) => 'outcome' in event)).toHaveLength(20);
    expect(warned()).toHaveLength(2);
  });
});
