import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import {
  defer,
  EMPTY,
  filter,
  map,
  merge,
  type Observable,
  of,
  Subject,
  take,
  throwError,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { exitCodeOfError } from '../../../src/cli/script/exit.ts';
import { DownloadError, ProviderError } from '../../../src/errors.ts';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import { createGovernor } from '../../../src/operators/pace/governor.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import type { GenerateConfig } from '../../../src/pipelines/journey/config.ts';
import { createMemoryJournal } from '../../../src/store/memoryJournal.ts';
import type { Outcome, Prediction } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { aFile, aPlan, runOf } from '../../helpers/runOf.ts';
import { VirtualClock } from '../../helpers/virtualClock.ts';

const MINUTE_MS = 60_000;

/** The errors of calls during an outage. */
const faults = {
  refused: () =>
    new ProviderError('ERR_NO_CONNECTION', 'no connection to the service (ECONNREFUSED)', {
      recoverable: true,
    }),
  reset: (isCreate: boolean) =>
    new ProviderError('ERR_CONNECTION_LOST', 'the connection broke (ECONNRESET)', {
      recoverable: true,
      tookEffect: isCreate ? 'unknown' : 'no',
    }),
  page: (isCreate: boolean) =>
    new ProviderError('ERR_SERVICE', 'failed with 502', {
      status: 502,
      recoverable: true,
      tookEffect: isCreate ? 'unknown' : 'no',
    }),
};

interface OutagePhase {
  readonly fault: keyof typeof faults;
  /** The calls that it concerns. */
  readonly kinds: readonly ('create' | 'list' | 'get' | 'file')[];
  readonly away: readonly [fromMs: number, toMs: number];
}

interface World extends Partial<OutagePhase> {
  readonly jobs: number;
  /** More outages, in their order. */
  readonly others?: readonly OutagePhase[];
  /** True if create responses do not wait for the result. */
  readonly polls?: boolean;
  /** How long the list takes to show a prediction. */
  readonly lagMs?: number;
  /** True if calls in flight at the beginning of an outage get through. */
  readonly getThrough?: boolean;
  /** Time of a stop. Default: none. */
  readonly stopAtMs?: number;
  /** Index of a job whose create requests all end with a page of a gateway. Default: none. */
  readonly badJob?: number;
  /** True if the list shows each prediction at once, and declares it. */
  readonly isCurrent?: boolean;
  readonly config?: Partial<GenerateConfig>;
}

const ALL = ['create', 'list', 'get'] as const;

/** Runs jobs of 3 s each, in virtual time, against a service that keeps the account. */
async function run({
  jobs,
  away = [0, 0],
  fault = 'page',
  kinds = ALL,
  others = [],
  polls = false,
  lagMs = 1_000,
  getThrough = false,
  stopAtMs,
  badJob,
  isCurrent = false,
  config: given = {},
}: World) {
  const clock = new VirtualClock();
  const made = new Map<string, { readonly prediction: Prediction; readonly atMs: number }>();
  const calls: Record<string, number> = {};
  const begins = new Subject<readonly string[]>();
  const phases: readonly OutagePhase[] = [{ fault, kinds, away }, ...others];
  const phaseOf = (kind: string) =>
    phases.find(
      ({ away: [fromMs, toMs], kinds }) =>
        clock.now() >= fromMs && clock.now() < toMs && (kinds as readonly string[]).includes(kind),
    );
  const call = <T>(kind: string, response: () => Observable<T>): Observable<T> =>
    defer(() => {
      calls[kind] = (calls[kind] ?? 0) + 1;
      const isCreate = kind === 'create';
      const phase = phaseOf(kind);
      if (phase !== undefined) {
        return timer(20, clock).pipe(
          map(() => {
            throw faults[phase.fault](isCreate);
          }),
        );
      }
      // A call that is in flight when an outage begins is lost, though it takes effect.
      const lost = begins.pipe(
        filter((kinds) => kinds.includes(kind)),
        map(() => {
          throw faults[fault === 'page' ? 'page' : 'reset'](isCreate);
        }),
      );
      return merge(response(), lost).pipe(take(1));
    });
  const stateOf = ({ prediction, atMs }: { prediction: Prediction; atMs: number }): Prediction =>
    clock.now() < atMs + 3_000
      ? { ...prediction, status: 'processing', output: null, outputComplete: false, completedAt: null }
      : prediction;
  const provider = fakeProvider({
    createPrediction: ({ input, model }) =>
      call('create', () => {
        if (input.seed === badJob) return throwError(() => faults.page(true));
        const atMs = clock.now();
        const createdAt = new Date(10 ** 12 + atMs).toISOString();
        const prediction = aPrediction({ id: `p${made.size}`, input, model, createdAt });
        const one = { prediction, atMs };
        made.set(prediction.id, one);
        return timer(polls ? 50 : 3_000, clock).pipe(map(() => stateOf(one)));
      }),
    getPrediction: (id) =>
      call('get', () => {
        const one = made.get(id);
        if (one === undefined)
          return throwError(() => new ProviderError('ERR_NOT_FOUND', '404', { status: 404 }));
        return timer(20, clock).pipe(map(() => stateOf(one)));
      }),
    listPredictions: () =>
      call('list', () =>
        timer(20, clock).pipe(
          map(() => {
            const shown = [...made.values()].filter(({ atMs }) => atMs + lagMs <= clock.now());
            return { predictions: shown.map(stateOf).toReversed(), next: null, isCurrent };
          }),
        ),
      ),
    // It cancels predictions even if they have ended before.
    cancelPrediction: (id) =>
      call('get', () => {
        const one = made.get(id);
        return one === undefined
          ? EMPTY
          : of(aPrediction({ ...one.prediction, status: 'canceled', output: null, outputComplete: false }));
      }),
  });
  const stop = new Subject<void>();
  const journal = createMemoryJournal();
  const { config, events } = runOf({
    provider,
    downloader: {
      download: (_url, { stem }) =>
        defer(() => {
          calls.file = (calls.file ?? 0) + 1;
          const gone = new DownloadError('ERR_DOWNLOAD_CUT', 'refused', {
            recoverable: true,
            isOutage: true,
          });
          return phaseOf('file') !== undefined ? throwError(() => gone) : of(aFile(`${stem}.png`));
        }),
    },
    governor: createGovernor({ perMinute: 600, scheduler: clock }),
    journal,
    stop,
    concurrency: 10,
    scheduler: clock,
    random: () => 0.5,
    ...given,
  });
  const outcomes: Outcome[] = [];
  let [ended, endedAtMs]: [unknown, number | null] = [null, null];
  const end = (error: unknown = null) => {
    ended = error;
    endedAtMs = clock.now();
  };
  const plans = Array.from({ length: jobs }, (_, index) => aPlan(index));
  generate(() => plans, config).subscribe({ next: (one) => outcomes.push(one), error: end, complete: end });
  // Plans are pulled by promises, which pass no virtual time.
  while (endedAtMs === null && clock.now() < 240 * MINUTE_MS) {
    await setImmediate();
    const beforeMs = clock.now();
    clock.advance(50);
    for (const {
      away: [fromMs],
      kinds,
    } of phases) {
      if (!getThrough && beforeMs < fromMs && clock.now() >= fromMs) begins.next(kinds);
    }
    if (stopAtMs !== undefined && beforeMs < stopAtMs && clock.now() >= stopAtMs) stop.next();
  }
  return {
    outcomes,
    fault: ended,
    endedAtMs: endedAtMs ?? Number.NaN,
    made: made.size,
    events,
    calls,
    journal,
  };
}

const outages = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'outage.began' || event.type === 'outage.ended' ? [event] : []));
const codes = (outcomes: readonly Outcome[]) => outcomes.map(({ status, error }) => error?.code ?? status);
const saved = (jobs: number) => Array<string>(jobs).fill('saved');
const TEN_MINUTES = [10_000, 10_000 + 10 * MINUTE_MS] as const;

describe('an outage of ten minutes fails no job and makes nothing twice, if', () => {
  it.each<[string, Partial<World>]>([
    ['connections are refused', { fault: 'refused' }],
    ['connections are reset', { fault: 'reset' }],
    ['pages of a gateway come', { fault: 'page' }],
    ['connections are refused while predictions are polled', { fault: 'refused', polls: true }],
    ['pages of a gateway come while predictions are polled', { fault: 'page', polls: true }],
    ['the list shows predictions late', { fault: 'page', lagMs: 20_000 }],
    ['only create requests fail', { fault: 'page', kinds: ['create'] }],
    ['only new create requests fail', { fault: 'page', kinds: ['create'], getThrough: true, jobs: 30 }],
    ['only create requests are refused', { fault: 'refused', kinds: ['create'] }],
    ['only reads fail', { fault: 'page', kinds: ['list', 'get'], polls: true }],
    ['only the list fails', { fault: 'page', kinds: ['list'], polls: true }],
    ['only requests by id fail', { fault: 'page', kinds: ['get'], polls: true }],
    ['files cannot be fetched', { kinds: ['file'] }],
    ['it is longer than predictions may take', { polls: true, config: { timeoutMs: 30_000 } }],
    [
      'it is longer than predictions may take, and they are left to the service',
      { polls: true, config: { timeoutMs: 30_000, timeoutAction: 'leave' } },
    ],
    ['jobs run one by one', { jobs: 8, config: { strategy: 'sequential' } }],
    ['jobs run in lanes', { jobs: 40, config: { strategy: 'queue' } }],
    ['all that is left is in flight', { jobs: 14, fault: 'reset', away: [4_000, TEN_MINUTES[1]] }],
  ])('%s', async (_when, world) => {
    const jobs = world.jobs ?? 100;
    const { outcomes, fault, made, endedAtMs, events } = await run({ jobs, away: TEN_MINUTES, ...world });
    expect([fault, codes(outcomes)]).toEqual([null, saved(jobs)]);
    expect(made).toBe(jobs);
    // Soon after it: by then, or ten minutes later, it is proved which lost requests made nothing.
    expect(endedAtMs).toBeLessThan(TEN_MINUTES[1] + 4 * MINUTE_MS);
    expect(outcomes.every(({ attempts }) => attempts === 1)).toBe(true);
    expect(events.filter(({ type }) => type === 'job.postponed' || type === 'job.failed')).toEqual([]);
  });
});

it('reports once that it waits, why, and how long it waited', async () => {
  const { events } = await run({ jobs: 40, away: TEN_MINUTES, fault: 'refused' });
  expect(outages(events)).toMatchObject([
    { of: 'service', error: { code: 'ERR_NO_CONNECTION', message: expect.stringContaining('ECONNREFUSED') } },
    { of: 'service', awayMs: expect.any(Number) },
  ]);
  const files = await run({ jobs: 40, away: TEN_MINUTES, kinds: ['file'] });
  expect(outages(files.events).map((event) => `${event.type} ${event.of}`)).toEqual([
    'outage.began files',
    'outage.ended files',
  ]);
});

it.each<[string, OutagePhase['kinds']]>([
  ['the service was away', ALL],
  ['it took no create requests', ['create']],
])(
  'looks for lost predictions until the list must show them, if %s, and there is no other proof',
  async (_what, kinds) => {
    const { outcomes, made, endedAtMs } = await run({ jobs: 3, away: [0, 3 * MINUTE_MS], kinds });
    expect([codes(outcomes), made]).toEqual([saved(3), 3]);
    expect(endedAtMs).toBeGreaterThan(10 * MINUTE_MS);
    expect(endedAtMs).toBeLessThan(11 * MINUTE_MS);
  },
);

it.each<[string, OutagePhase['kinds']]>([
  ['nothing gets through', ALL],
  ['no create request gets through', ['create']],
])(
  'ends with exit code 3 after the time allowed if %s, and leaves open predictions to the next run',
  async (_what, kinds) => {
    const { fault, outcomes, made, endedAtMs, journal } = await run({
      jobs: 60,
      away: [10_000, Number.POSITIVE_INFINITY],
      kinds,
      config: { maxOutageMs: 5 * MINUTE_MS },
    });
    expect(fault).toMatchObject({ code: 'ERR_WAIT_TOO_LONG', stopsRun: true });
    expect((fault as Error).message).toMatch(/^The service has not responded for 5 minutes: failed with 502/);
    expect(exitCodeOfError(fault)).toBe(3);
    expect(codes(outcomes)).toEqual(saved(outcomes.length));
    expect(endedAtMs).toBeLessThan(6 * MINUTE_MS);
    expect(journal.openIndexes().size).toBeGreaterThanOrEqual(made - outcomes.length);
  },
);

it('lets a download fail after the time allowed, and continues the run', async () => {
  const { fault, outcomes } = await run({
    jobs: 6,
    away: [0, Number.POSITIVE_INFINITY],
    kinds: ['file'],
    config: { maxOutageMs: MINUTE_MS },
  });
  expect([fault, codes(outcomes)]).toEqual([null, Array(6).fill('ERR_DOWNLOAD_CUT')]);
});

it.each<[string, Partial<World>]>([
  ['while the service is away', {}],
  ['while it refuses connections', { fault: 'refused' }],
  ['while predictions are polled', { polls: true }],
  ['while files cannot be fetched', { kinds: ['file'] }],
])('a stop %s ends the run at once', async (_when, world) => {
  const stopAtMs = 60_000;
  const { fault, outcomes, made, endedAtMs, journal } = await run({
    jobs: 60,
    away: TEN_MINUTES,
    stopAtMs,
    ...world,
  });
  expect([fault, codes(outcomes)]).toEqual([null, saved(outcomes.length)]);
  expect(endedAtMs).toBeLessThanOrEqual(stopAtMs + 100);
  // All predictions that were or may have been made.
  expect(journal.openIndexes().size).toBeGreaterThanOrEqual(made - outcomes.length);
});

it('a job that always fails uses up its attempts, and holds back no other', async () => {
  const { outcomes, made, events } = await run({ jobs: 30, badJob: 7, isCurrent: true, lagMs: 0 });
  expect(codes(outcomes).filter((code) => code !== 'saved')).toEqual(['ERR_SERVICE']);
  expect(outcomes.find(({ index }) => index === 7)?.attempts).toBe(3);
  expect([made, outages(events)]).toEqual([29, []]);
});

describe('however the service comes and goes', () => {
  type Away = OutagePhase['kinds'];
  const worlds = (shortestMs: number, kinds: fc.Arbitrary<Away>) =>
    fc.record({
      phases: fc.array(
        fc.record({
          upMs: fc.integer({ min: 5_000, max: 60_000 }),
          awayMs: fc.integer({ min: shortestMs, max: 300_000 }),
          fault: fc.constantFrom('refused' as const, 'reset' as const, 'page' as const),
          kinds,
        }),
        { minLength: 1, maxLength: 4 },
      ),
      polls: fc.boolean(),
      lagMs: fc.integer({ min: 0, max: 10_000 }),
      jobs: fc.integer({ min: 1, max: 60 }),
    });
  type Phases = { upMs: number; awayMs: number; fault: keyof typeof faults; kinds: Away }[];
  const runIn = ({ phases, ...world }: World & { phases: Phases }) => {
    let atMs = 0;
    const others = phases.map(({ upMs, awayMs, ...phase }): OutagePhase => {
      const fromMs = atMs + upMs;
      atMs = fromMs + awayMs;
      return { ...phase, away: [fromMs, atMs] };
    });
    return run({ ...world, others });
  };
  const numRuns = Number(process.env.WORLDS ?? 15);

  it('no job fails, if it is away as a whole', async () => {
    await fc.assert(
      fc.asyncProperty(worlds(15_000, fc.constant(ALL)), async (world) => {
        const { outcomes, fault, made } = await runIn(world);
        expect([fault, codes(outcomes)]).toEqual([null, saved(world.jobs)]);
        expect(made).toBe(world.jobs);
      }),
      { numRuns },
    );
  });

  it('nothing is made twice, and a job is uncertain at worst, if only a part of it is away', async () => {
    const parts = fc.constantFrom<Away[]>(ALL, ['create'], ['list', 'get'], ['list'], ['create', 'list']);
    await fc.assert(
      fc.asyncProperty(worlds(100, parts), async (world) => {
        const { outcomes, fault, made } = await runIn(world);
        const ids = outcomes.flatMap(({ status, predictionId }) =>
          status === 'saved' ? [predictionId] : [],
        );
        expect([fault, outcomes.length, new Set(ids).size]).toEqual([null, world.jobs, ids.length]);
        expect(codes(outcomes).filter((code) => code !== 'saved' && code !== 'ERR_UNCERTAIN')).toEqual([]);
        expect(made).toBeLessThanOrEqual(world.jobs);
      }),
      { numRuns },
    );
  });
});
