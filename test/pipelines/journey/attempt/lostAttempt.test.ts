import {
  defer,
  lastValueFrom,
  map,
  type Observable,
  of,
  Subject,
  throwError,
  timer,
  VirtualTimeScheduler,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../../src/errors.ts';
import type { EventOf } from '../../../../src/events/observeRun.ts';
import type { RunEvent } from '../../../../src/events/runEvent.ts';
import { createLedger } from '../../../../src/operators/stages/budgetTake.ts';
import { generate } from '../../../../src/pipelines/generate.ts';
import type { GenerateConfig } from '../../../../src/pipelines/journey/config.ts';
import type { Provider } from '../../../../src/ports.ts';
import { createMemoryJournal } from '../../../../src/store/memoryJournal.ts';
import type { Outcome, Plan, Prediction, Strategy } from '../../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../../helpers/fakeProvider.ts';
import { aPlan, runOf } from '../../../helpers/runOf.ts';

/** The fate of the n-th create request, 1-based. */
type Fate = 'answered' | 'lost after' | 'lost before' | 500;
interface Service {
  fateOf?: (nth: number, seed: number) => Fate;
  /** How long the list takes to show a prediction. */
  lagMs?: number;
  showsLimits?: boolean;
}

/** A service that keeps the account. A prediction takes a second. */
function aService(
  scheduler: VirtualTimeScheduler,
  { fateOf = () => 'answered', lagMs = 0, showsLimits }: Service,
) {
  const made: { prediction: Prediction; atMs: number }[] = [];
  const sent: { seed: number; atMs: number; cancelAfterMs: number | undefined }[] = [];
  const seen = { running: 0, mostRunning: 0, lists: 0, canceled: [] as string[] };
  const iso = (ms: number) => new Date(10 ** 12 + ms).toISOString();
  const lost = (status: number | null) =>
    new ProviderError(status === null ? 'ERR_CONNECTION_LOST' : 'ERR_SERVICE', `POST failed (${status})`, {
      tookEffect: 'unknown',
      recoverable: true,
      ...(status === null ? {} : { status }),
    });
  const provider = fakeProvider({
    createPrediction: ({ input, model }, { cancelAfterMs }) =>
      defer((): Observable<Prediction> => {
        const atMs = scheduler.now();
        sent.push({ seed: Number(input.seed), atMs, cancelAfterMs });
        const fate = fateOf(sent.length, Number(input.seed));
        if (fate === 'lost before' || fate === 500) return throwError(() => lost(fate === 500 ? fate : null));
        const limit = showsLimits ? { deadline: iso(atMs + (cancelAfterMs ?? 0)) } : {};
        const prediction = aPrediction({
          id: `p${made.length}`,
          input,
          model,
          createdAt: iso(atMs),
          ...limit,
        });
        made.push({ prediction, atMs });
        if (fate === 'lost after') return throwError(() => lost(null));
        seen.running += 1;
        seen.mostRunning = Math.max(seen.mostRunning, seen.running);
        return timer(1_000, scheduler).pipe(
          map(() => {
            seen.running -= 1;
            return prediction;
          }),
        );
      }),
    listPredictions: () =>
      defer(() => {
        seen.lists += 1;
        const listed = made.filter(({ atMs }) => atMs + lagMs <= scheduler.now());
        return of({ predictions: listed.map(({ prediction }) => prediction).toReversed(), next: null });
      }),
    cancelPrediction: (id) => {
      seen.canceled.push(id);
      return of(aPrediction({ id, status: 'canceled', output: null, outputComplete: false }));
    },
  } satisfies Partial<Provider>);
  const sentFor = (seed: number) => sent.filter((one) => one.seed === seed);
  return { provider, made, sent, sentFor, seen };
}

const plansOf = (count: number) => Array.from({ length: count }, (_, index) => aPlan(index));

/** Runs in virtual time, to the end. */
async function run(plans: readonly Plan[], config: GenerateConfig, scheduler: VirtualTimeScheduler) {
  const outcomes: Outcome[] = [];
  let isOver = false;
  generate(() => plans, { ...config, scheduler }).subscribe({
    next: (outcome) => outcomes.push(outcome),
    complete: () => {
      isOver = true;
    },
  });
  // Plans are pulled through promises: virtual time moves on, a step at a time, when those are done.
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    scheduler.maxFrames = Math.min(...scheduler.actions.map((action) => action.delay), 2 ** 40);
    scheduler.flush();
  }
  return outcomes.toSorted((one, other) => one.index - other.index);
}
const statusOf = ({ status, attempts, error }: Outcome) =>
  `${status} ${attempts} ${error?.code ?? ''}`.trim();
const ofType = <Type extends RunEvent['type']>(events: readonly RunEvent[], type: Type) =>
  events.filter((event): event is EventOf<Type> => event.type === type);
const strategies: readonly Strategy[] = ['sequential', 'parallel', 'waves', 'queue', 'stream'];

describe.each(strategies)('with the strategy %s', (strategy) => {
  it('a lost job frees its slot and its place, and is made again once others prove that it was not made', async () => {
    const scheduler = new VirtualTimeScheduler();
    const service = aService(scheduler, { fateOf: (nth) => (nth <= 2 ? 'lost before' : 'answered') });
    const concurrency = strategy === 'sequential' ? 1 : 2;
    const { config, events } = runOf({ provider: service.provider, strategy, concurrency });
    const outcomes = await run(plansOf(9), config, scheduler);
    expect(outcomes.map(statusOf)).toEqual(Array(9).fill('saved 1'));
    expect(service.made).toHaveLength(9);
    expect(service.seen.mostRunning).toBeLessThanOrEqual(concurrency);
    expect(ofType(events, 'prediction.lost').map(({ error }) => error.code)).toEqual(
      Array(2).fill('ERR_CONNECTION_LOST'),
    );
    expect(ofType(events, 'job.retried').map(({ error }) => error.code)).toEqual(
      Array(2).fill('ERR_NOT_CREATED'),
    );
    // The others did not wait for them.
    expect(service.sent[8]?.atMs).toBeLessThan(20_000);
    expect(config.ledger).toMatchObject({ reservedMicroUsd: 0, spentMicroUsd: 9 * 3 });
  });

  it.each([7, 30, 90])(
    'a third is lost and the list lags by %i s: each is made, and booked, once',
    async (lagS) => {
      const scheduler = new VirtualTimeScheduler();
      const service = aService(scheduler, {
        fateOf: (nth) => (nth % 3 === 0 ? 'lost after' : 'answered'),
        lagMs: lagS * 1_000,
      });
      const { config } = runOf({
        provider: service.provider,
        strategy,
        concurrency: strategy === 'sequential' ? 1 : 4,
      });
      const outcomes = await run(plansOf(20), config, scheduler);
      expect(outcomes.map(statusOf)).toEqual(Array(20).fill('saved 1'));
      expect(service.made).toHaveLength(20);
      expect(new Set(outcomes.map(({ predictionId }) => predictionId)).size).toBe(20);
      expect(config.ledger).toMatchObject({ reservedMicroUsd: 0, spentMicroUsd: 20 * 3 });
      expect(service.seen.lists).toBeLessThan(20);
    },
  );

  it('the service fails one create request again and again: it has as many attempts as others, and is named', async () => {
    const scheduler = new VirtualTimeScheduler();
    const service = aService(scheduler, { fateOf: (_nth, seed) => (seed === 0 ? 500 : 'answered') });
    const { config, events } = runOf({
      provider: service.provider,
      strategy,
      concurrency: strategy === 'sequential' ? 1 : 2,
    });
    const outcomes = await run(plansOf(400), config, scheduler);
    expect(service.sentFor(0)).toHaveLength(3);
    expect(outcomes[0]).toMatchObject({
      status: 'failed',
      attempts: 3,
      error: { code: 'ERR_SERVICE', message: expect.stringContaining('500') },
    });
    expect(ofType(events, 'prediction.lost')).toHaveLength(3);
    expect(ofType(events, 'job.retried')).toMatchObject([{ attempt: 2 }, { attempt: 3 }]);
    expect(config.ledger).toMatchObject({ reservedMicroUsd: 0, spentMicroUsd: 399 * 3 });
  });
});

describe('a job that is lost when no other create request follows', () => {
  const journal = createMemoryJournal();
  const scheduler = new VirtualTimeScheduler();
  const service = aService(scheduler, { fateOf: (nth) => (nth === 3 ? 500 : 'answered') });

  it('ends as uncertain after two minutes: it stays open, with its money', async () => {
    const { config, events } = runOf({ provider: service.provider, journal, concurrency: 1 });
    const outcomes = await run(plansOf(3), config, scheduler);
    expect(outcomes.map(statusOf)).toEqual(['saved 1', 'saved 1', 'failed 1 ERR_UNCERTAIN']);
    expect(outcomes[2]?.error).toMatchObject({
      recoverable: true,
      message: expect.stringMatching(/Image #3.*500/),
    });
    expect(ofType(events, 'warning').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^1 job whose create request was lost is not done yet/),
    ]);
    expect([...journal.openIndexes()]).toEqual([2]);
    expect(config.ledger).toMatchObject({ reservedMicroUsd: 3, spentMicroUsd: 6 });
    expect(scheduler.now() / 1_000).toBeCloseTo(2 + 130, 0);
  });

  it('is looked for by the next run, and not made before ten minutes have passed', async () => {
    const outcomes = await run(plansOf(3), runOf({ provider: service.provider, journal }).config, scheduler);
    expect(outcomes.map(statusOf)).toEqual(['failed 1 ERR_UNCERTAIN']);
    expect(service.sent).toHaveLength(3);
  });

  it('is made again under repay, once it was looked for', async () => {
    const copy = createMemoryJournal();
    await lastValueFrom(copy.record(aPlan(7), { type: 'intended', attempt: 1, atMs: scheduler.now() }));
    const began = scheduler.now();
    const outcomes = await run(
      [aPlan(7)],
      runOf({ provider: service.provider, journal: copy, repay: true }).config,
      scheduler,
    );
    expect(outcomes.map(statusOf)).toEqual(['saved 2']);
    expect((service.sent.at(-1)?.atMs ?? 0) - began).toBeGreaterThan(128_000);
  });

  it('is made again, once, by a run ten minutes later', async () => {
    scheduler.schedule(() => {}, 600_000);
    scheduler.maxFrames = Number.POSITIVE_INFINITY;
    scheduler.flush();
    const outcomes = await run(plansOf(3), runOf({ provider: service.provider, journal }).config, scheduler);
    expect(outcomes.map(statusOf)).toEqual(['saved 2']);
  });
});

describe('meanwhile', () => {
  const lostFirst = (nth: number): Fate => (nth === 1 ? 'lost after' : 'answered');

  it('its money is kept from other jobs', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { provider } = aService(scheduler, { fateOf: lostFirst, lagMs: 50_000 });
    const ledger = createLedger({ limitMicroUsd: 6 });
    const outcomes = await run(plansOf(3), runOf({ provider, ledger, concurrency: 1 }).config, scheduler);
    expect(outcomes.map(statusOf)).toEqual(['saved 1', 'saved 1', 'skipped 0 ERR_OVER_BUDGET']);
    expect(ledger).toMatchObject({ reservedMicroUsd: 0, spentMicroUsd: 6 });
  });

  it('a stop ends the search with a last look: found images are saved, the rest is left to the next run', async () => {
    for (const [lagMs, expected] of [
      [5_000, ['saved 1']],
      [60_000, []],
    ] as const) {
      const scheduler = new VirtualTimeScheduler();
      const { provider } = aService(scheduler, { fateOf: lostFirst, lagMs });
      const stop = new Subject<void>();
      scheduler.schedule(() => stop.next(), 3_000);
      const { config } = runOf({ provider, stop });
      expect((await run([aPlan(0)], config, scheduler)).map(statusOf)).toEqual(expected);
      expect([...config.journal.openIndexes()]).toEqual(expected.length > 0 ? [] : [0]);
      expect(scheduler.now()).toBeLessThan(10_000);
    }
  });

  it('a cancellation finds the prediction and cancels it', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { provider, seen } = aService(scheduler, { fateOf: lostFirst, lagMs: 5_000 });
    const [stop, cancel] = [new Subject<void>(), new Subject<void>()];
    scheduler.schedule(() => {
      stop.next();
      cancel.next();
    }, 3_000);
    const { config } = runOf({ provider, stop, cancel });
    expect((await run([aPlan(0)], config, scheduler)).map(statusOf)).toEqual(['skipped 1 ERR_STOPPED']);
    expect(seen.canceled).toEqual(['p0']);
    expect(config.ledger.reservedMicroUsd).toBe(0);
  });

  it('identical jobs wait for it, and share its image', async () => {
    const scheduler = new VirtualTimeScheduler();
    const service = aService(scheduler, { fateOf: lostFirst, lagMs: 20_000 });
    const same = { resultKey: 'same', input: aPlan(0).input };
    const folder = { folder: '/nowhere', downloads: 1 };
    const outcomes = await run(
      [aPlan(0, same), aPlan(1, same)],
      runOf({ provider: service.provider, ...folder }).config,
      scheduler,
    );
    // Its copy fails, as the fake downloader writes nothing.
    expect(outcomes.map(statusOf)).toEqual(['saved 1', 'failed 0 ERR_OUTPUT_GONE']);
    expect(service.made).toHaveLength(1);
  });
});

it('two runs with the same prompts do not take each other’s predictions, if the service shows their time limits', async () => {
  const scheduler = new VirtualTimeScheduler();
  const service = aService(scheduler, {
    showsLimits: true,
    lagMs: 9_000,
    fateOf: (nth) => (nth % 3 === 1 ? 'lost after' : 'answered'),
  });
  let choice = 0;
  const random = () => {
    choice = (choice + 37) % 300;
    return choice / 300;
  };
  const config = () => runOf({ provider: service.provider, concurrency: 3, random }).config;
  const outcomes = (
    await Promise.all([run(plansOf(8), config(), scheduler), run(plansOf(8), config(), scheduler)])
  ).flat();
  expect(outcomes.map(statusOf)).toEqual(Array(16).fill('saved 1'));
  expect(new Set(outcomes.map(({ predictionId }) => predictionId)).size).toBe(16);
  expect(service.made).toHaveLength(16);
});

it('each attempt has a time limit of its own, which is in the journal before the request is sent', async () => {
  const scheduler = new VirtualTimeScheduler();
  const service = aService(scheduler, {});
  const journal = createMemoryJournal();
  const noted: (number | null | undefined)[] = [];
  let choice = 0;
  const { config } = runOf({
    provider: service.provider,
    timeoutMs: 60_000,
    concurrency: 1,
    random: () => choice++ / 10,
    journal: {
      ...journal,
      record: (plan, entry) => {
        if (entry.type === 'intended') noted.push(entry.cancelAfterMs);
        return journal.record(plan, entry);
      },
    },
  });
  await run(plansOf(3), config, scheduler);
  expect(noted).toEqual([90_000, 120_000, 150_000]);
  expect(service.sent.map(({ cancelAfterMs }) => cancelAfterMs)).toEqual(noted);
});

it('a response about another model is not adopted: it causes a warning, and the right one is found', async () => {
  const scheduler = new VirtualTimeScheduler();
  const right = aPrediction({ id: 'right', input: aPlan(0).input });
  const provider = fakeProvider({
    createPrediction: () => of({ ...right, id: 'wrong', model: 'evil/other' }),
    listPredictions: () => of({ predictions: [right], next: null }),
  });
  const { config, events } = runOf({ provider });
  expect(await run([aPlan(0)], config, scheduler)).toMatchObject([
    { status: 'saved', predictionId: 'right' },
  ]);
  expect(ofType(events, 'warning')).toMatchObject([{ message: expect.stringContaining('evil/other') }]);
});
