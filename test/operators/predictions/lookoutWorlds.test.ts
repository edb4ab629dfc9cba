import fc from 'fast-check';
import {
  catchError,
  concatMap,
  defer,
  delay,
  from,
  map,
  mergeMap,
  type Observable,
  of,
  throwError,
  timer,
  VirtualTimeScheduler,
} from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import { createLookout } from '../../../src/operators/predictions/lookout.ts';
import type { Provider } from '../../../src/ports.ts';
import type { Prediction, PredictionRequest } from '../../../src/types.ts';
import { aPrediction, fakeGovernor, fakeProvider } from '../../helpers/fakeProvider.ts';
import { alone } from '../../helpers/oneItem.ts';

/** The fate of a create request. */
interface Fate {
  /** Lost on its way there, or on its way back. */
  readonly lost: 'before' | 'after' | null;
  readonly createMs: number;
  readonly responseMs: number;
  readonly lagMs: number;
}

interface World {
  /** The seed of each job; equal seeds are equal requests. */
  readonly jobs: readonly number[];
  /** Pauses between the jobs. */
  readonly pausesMs: readonly number[];
  readonly fates: readonly Fate[];
  /** How long the list takes to show each prediction; null: by its fate. */
  readonly lagMs: number | null;
  /** How far the service's clock is ahead. */
  readonly aheadMs: number;
  /** True if the service shows the time limit of each request. */
  readonly showsLimits: boolean;
  /** How the service shows a request. */
  readonly spelling: keyof typeof spellings;
}

type Shown = Pick<Prediction, 'model' | 'input' | 'dataRemoved'>;

/** Ways to show a request: by the first ones it is known, by the others it may be any. */
const spellings = {
  asSent: (shown: Shown): Shown => shown,
  inOtherLetters: (shown) => ({ ...shown, model: shown.model.toUpperCase() }),
  withDefaults: (shown) => ({ ...shown, input: { go_fast: true, ...shown.input, count: 1 } }),
  inTexts: ({ input, ...shown }) => ({ ...shown, input: { ...input, seed: `${input?.seed}` } }),
  inNfc: ({ input, ...shown }) => ({ ...shown, input: { ...input, prompt: 'pâté' } }),
  withoutSecrets: ({ input, ...shown }) => ({ ...shown, input: { ...input, key: '[REDACTED]' } }),
  withoutTheKey: ({ input, ...shown }) => ({ ...shown, input: { ...input, key: null } }),
  withHashedSecrets: ({ input, ...shown }) => ({ ...shown, input: { ...input, key: 'sha256:8254' } }),
  withoutPrompts: ({ input, ...shown }) => ({ ...shown, input: { ...input, prompt: '[REDACTED]' } }),
  withCutPrompts: ({ input, ...shown }) => ({ ...shown, input: { ...input, prompt: 'pâ' } }),
  withoutSeeds: ({ input, ...shown }) => ({ ...shown, input: { ...input, seed: null } }),
  withoutInput: (shown) => ({ ...shown, input: null, dataRemoved: true }),
} satisfies Record<string, (shown: Shown) => Shown>;
const telling: readonly (keyof typeof spellings)[] = [
  'asSent',
  'inOtherLetters',
  'withDefaults',
  'inTexts',
  'inNfc',
  'withoutSecrets',
];

const lost = (status?: number) =>
  new ProviderError('ERR_LOST', 'lost', {
    tookEffect: 'unknown',
    recoverable: true,
    ...(status === undefined ? {} : { status }),
  });

const requestOf = (seed: number) => ({
  model: 'owner/name',
  version: null,
  input: { prompt: 'pa\u0302te\u0301', seed, key: 'hunter2' },
});

/** Runs all jobs of a world in virtual time, against a service that keeps the account. */
function run({ jobs, pausesMs, fates, lagMs, aheadMs, showsLimits, spelling }: World) {
  const scheduler = new VirtualTimeScheduler();
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  const made: { prediction: Prediction; listedAtMs: number; seed: unknown }[] = [];
  let sent = 0;
  const iso = (ms: number) => new Date(10 ** 9 + ms + aheadMs).toISOString();
  const make = (input: PredictionRequest['input'], fate: Fate, cancelAfterMs: number): Prediction => {
    const nowMs = scheduler.now();
    const prediction = aPrediction({
      id: `p${made.length}`,
      ...spellings[spelling]({ model: 'owner/name', input, dataRemoved: false }),
      createdAt: iso(nowMs),
      ...(showsLimits ? { deadline: iso(nowMs + cancelAfterMs) } : {}),
    });
    made.push({ prediction, listedAtMs: nowMs + (lagMs ?? fate.lagMs), seed: input.seed });
    return prediction;
  };
  const provider = fakeProvider({
    createPrediction: ({ input }, { cancelAfterMs = 0 }) =>
      defer((): Observable<Prediction> => {
        const fate = fates[sent++ % fates.length] as Fate;
        if (fate.lost === 'before')
          return timer(fate.createMs, scheduler).pipe(mergeMap(() => throwError(() => lost())));
        return timer(fate.createMs, scheduler).pipe(
          map(() => make(input, fate, cancelAfterMs)),
          delay(fate.responseMs, scheduler),
          map((prediction) => {
            if (fate.lost === 'after') throw lost(502);
            return prediction;
          }),
        );
      }),
    listPredictions: () =>
      defer(() => {
        const nowMs = scheduler.now();
        const listed = made
          .filter(({ listedAtMs }) => listedAtMs <= nowMs)
          .map(({ prediction }) => prediction);
        return of({ predictions: listed.toReversed(), next: null }).pipe(delay(50, scheduler));
      }),
  } satisfies Partial<Provider>);
  const lookout = createLookout(provider, { scheduler, random: () => 0 });
  const ends: { id: string | null; code: string | null; seed: number }[] = [];
  let startMs = 0;
  const starts = jobs.map((seed, at) => {
    startMs += pausesMs[at % pausesMs.length] ?? 0;
    return { seed, startMs, limitMs: 630_000 + 1_000 * ((at * 37) % 300) };
  });
  from(starts)
    .pipe(
      mergeMap((job) =>
        timer(job.startMs, scheduler).pipe(
          concatMap(() =>
            of(requestOf(job.seed)).pipe(
              alone.createPrediction(provider, {
                governor: fakeGovernor(),
                lookout,
                scheduler,
                cancelAfterMs: job.limitMs,
              }),
            ),
          ),
          map(({ id }) => ({ id, code: null, seed: job.seed })),
          catchError((error: ProviderError) => of({ id: null, code: error.code, seed: job.seed })),
        ),
      ),
    )
    .subscribe((end) => ends.push(end));
  scheduler.flush();
  return { made, ends, lookout };
}

/** Nothing is paid twice, and nothing lost: all that was made belongs to a job, or may yet. */
function expectSound(world: World) {
  const { made, ends } = run(world);
  const seeds = new Map(made.map(({ prediction, seed }) => [prediction.id, seed]));
  for (const { id, seed } of ends) if (id !== null) expect(seeds.get(id)).toBe(seed);
  const ids = ends.flatMap(({ id }) => (id === null ? [] : [id]));
  expect(ends).toHaveLength(world.jobs.length);
  expect(new Set(ids).size).toBe(ids.length);
  expect(made.length).toBeLessThanOrEqual(world.jobs.length);
  const uncertain = ends.filter(({ id }) => id === null);
  expect(uncertain.every(({ code }) => code === 'ERR_UNCERTAIN')).toBe(true);
  expect(made.length - ids.length).toBeLessThanOrEqual(uncertain.length);
  // Lost predictions are found, unless the list takes two minutes to show them, or hides them.
  if ((world.lagMs ?? 0) < 90_000 && telling.includes(world.spelling)) expect(made.length).toBe(ids.length);
}

const fate = fc.record({
  lost: fc.constantFrom('before' as const, 'after' as const, null, null, null),
  createMs: fc.integer({ min: 1, max: 400 }),
  responseMs: fc.integer({ min: 1, max: 9_000 }),
  lagMs: fc.nat(5_000),
});
const world = (lagMs: fc.Arbitrary<number | null>): fc.Arbitrary<World> =>
  fc.record({
    jobs: fc.array(fc.nat(6), { minLength: 1, maxLength: 14 }),
    pausesMs: fc.array(fc.nat(6_000), { minLength: 1, maxLength: 5 }),
    fates: fc.array(fate, { minLength: 3, maxLength: 25 }),
    lagMs,
    aheadMs: fc.integer({ min: -400_000, max: 400_000 }),
    showsLimits: fc.boolean(),
    spelling: fc.constantFrom(...(Object.keys(spellings) as (keyof typeof spellings)[])),
  });
const numRuns = Number(process.env.WORLDS ?? 300);

it('in no world in which each prediction takes its own few seconds to be listed', () => {
  fc.assert(fc.property(world(fc.constant(null)), expectSound), { numRuns });
});

it('in no world in which the list lags behind by up to three minutes', () => {
  fc.assert(fc.property(world(fc.nat(180_000)), expectSound), { numRuns });
});

it('is a job uncertain if another create request follows, and the list lags little', () => {
  const jobs = [1, 2, 3, 4, 5, 6];
  const fates: Fate[] = jobs.map((seed) => ({
    lost: seed === 2 ? 'before' : seed === 3 ? 'after' : null,
    createMs: 100,
    responseMs: 900,
    lagMs: 0,
  }));
  const later = { lost: null, createMs: 100, responseMs: 900, lagMs: 0 } as const;
  const { made, ends } = run({
    jobs,
    pausesMs: [3_000],
    fates: [...fates, later],
    lagMs: 4_000,
    aheadMs: 0,
    showsLimits: false,
    spelling: 'asSent',
  });
  expect(ends.map(({ code }) => code)).toEqual(jobs.map(() => null));
  expect(made).toHaveLength(jobs.length);
});
