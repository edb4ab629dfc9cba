import {
  concat,
  defer,
  delay,
  EMPTY,
  finalize,
  lastValueFrom,
  NEVER,
  type Observable,
  of,
  Subject,
  take,
  throwError,
  timer,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import { expect, it } from 'vitest';
import { StorageError } from '../../../src/errors.ts';
import { createLookout } from '../../../src/operators/predictions/lookout.ts';
import { createLedger } from '../../../src/operators/stages/budgetTake.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import type { ResultCache } from '../../../src/ports.ts';
import { createMemoryJournal } from '../../../src/store/memoryJournal.ts';
import type { LeaseRequest, Outcome, Plan, ResultLease } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { aFile, aPlan, runOf, succeeding, summary } from '../../helpers/runOf.ts';

const seeded = (index: number) => aPlan(index, { resultKey: `key ${index}` });
const outcomesOf = (plans: readonly Plan[], run: ReturnType<typeof runOf>): Promise<Outcome[]> =>
  lastValueFrom(generate(() => plans, run.config).pipe(toArray()));

/** A cache whose results and leases a test decides. */
function sharedCache(lease: (key: string, request: LeaseRequest) => Observable<ResultLease | null>) {
  const results = new Set<string>();
  const log: string[] = [];
  const cache: ResultCache = {
    restore: (key, { stem }) =>
      of(
        results.has(key)
          ? { prediction: aPrediction({ id: 'theirs' }), files: [aFile(`${stem}.png`)] }
          : null,
      ),
    keep: (key) => {
      log.push(`keep ${key}`);
      return EMPTY;
    },
    lease: (key, request) => {
      log.push(`lease ${key}${request.isUrgent ? ' urgently' : ''}`);
      return lease(key, request);
    },
  };
  const held = (key: string): ResultLease => ({ release: () => log.push(`release ${key}`) });
  return { cache, results, log, held };
}

it('makes a result while it has the lease, and ends it once the result is stored', async () => {
  const { cache, log, held } = sharedCache((key) => of(held(key)));
  const run = runOf({ cache });
  expect((await outcomesOf([seeded(0), aPlan(1)], run)).map(summary)).toEqual([
    '0 saved 1 p0',
    '1 saved 1 p1',
  ]);
  expect(log).toEqual(['lease key 0', 'keep key 0', 'release key 0']);
});

it('claims the prediction of a result from the cache: no lost request has made it', async () => {
  const { cache, results } = sharedCache(() => of(null));
  const provider = succeeding();
  const lookout = createLookout(provider);
  results.add('key 0');
  await outcomesOf([seeded(0), seeded(1)], runOf({ cache, provider, lookout }));
  expect(['theirs', 'p0', 'p1'].map(lookout.claims.has)).toEqual([true, true, false]);
});

it('waits for another process without a slot, then has its result for nothing', async () => {
  const theirs = new Subject<ResultLease>();
  const { cache, results, log, held } = sharedCache((key, { onWait }) =>
    key === 'key 0'
      ? defer(() => {
          onWait?.('process 7 on studio');
          return theirs.pipe(take(1));
        })
      : of(held(key)),
  );
  const run = runOf({ cache, concurrency: 1 });
  const ended = outcomesOf([seeded(0), seeded(1)], {
    ...run,
    config: {
      ...run.config,
      // The second job has had the only slot by now.
      handOver: () =>
        defer(() => {
          results.add('key 0');
          theirs.next(held('key 0'));
          return EMPTY;
        }),
    },
  });
  expect((await ended).map((outcome) => `${summary(outcome)} ${outcome.cached}`)).toEqual([
    '1 saved 1 p0 false',
    '0 saved 0 theirs true',
  ]);
  expect(run.events).toContainEqual({
    type: 'job.waiting',
    index: 0,
    prompt: 'prompt 0',
    holder: 'process 7 on studio',
  });
  expect(log).toContain('release key 0');
});

it('makes the result itself, once, if the other process has not made it', async () => {
  const scheduler = new VirtualTimeScheduler();
  const { cache, log, held } = sharedCache((key) => of(held(key)).pipe(delay(5, scheduler)));
  const provider = succeeding();
  const ended = outcomesOf([seeded(0)], runOf({ cache, provider }));
  await new Promise(setImmediate);
  expect(provider.made).toEqual([]);
  scheduler.flush();
  expect((await ended).map(summary)).toEqual(['0 saved 1 p0']);
  expect(log).toEqual(['lease key 0', 'keep key 0', 'release key 0']);
});

it('ends its lease if it fails, so that others can make the result', async () => {
  const { cache, log, held } = sharedCache((key) => of(held(key)));
  const provider = fakeProvider({
    createPrediction: () =>
      of(aPrediction({ status: 'failed', input: null, outputComplete: false, error: 'no' })),
  });
  expect((await outcomesOf([seeded(0)], runOf({ cache, provider })))[0]?.status).toBe('failed');
  expect(log).toEqual(['lease key 0', 'release key 0']);
});

it('ends the wait when the run is stopped, and sends nothing then', async () => {
  const stop = new Subject<void>();
  let isOver = false;
  const { cache } = sharedCache(() =>
    concat(
      defer(() => {
        stop.next();
        return EMPTY;
      }),
      NEVER,
    ).pipe(
      finalize(() => {
        isOver = true;
      }),
    ),
  );
  const provider = succeeding();
  expect(await outcomesOf([seeded(0), seeded(1)], runOf({ cache, provider, stop }))).toEqual([]);
  expect([provider.made, isOver]).toEqual([[], true]);
});

it('does not wait with work that an earlier run has begun', async () => {
  const journal = createMemoryJournal();
  await lastValueFrom(journal.record(seeded(0), { type: 'created', attempt: 1, predictionId: 'open' }));
  const { cache, log } = sharedCache(() => of(null));
  const provider = fakeProvider({ getPrediction: (id) => of(aPrediction({ id })) });
  const outcomes = await outcomesOf([seeded(0)], runOf({ cache, journal, provider }));
  expect(outcomes.map(summary)).toEqual(['0 saved 1 open']);
  expect(log).toEqual(['lease key 0 urgently', 'keep key 0']);
});

it('keeps the money for work that an earlier run has begun, however long its lease takes', async () => {
  const journal = createMemoryJournal();
  await lastValueFrom(journal.record(seeded(0), { type: 'created', attempt: 1, predictionId: 'open' }));
  const open = new Subject<ResultLease | null>();
  const { cache, held } = sharedCache((key) => (key === 'key 0' ? open.pipe(take(1)) : of(held(key))));
  const provider = succeeding();
  const getPrediction = (id: string) => of(aPrediction({ id }));
  const ended = outcomesOf(
    [seeded(0), seeded(1)],
    runOf({
      cache,
      journal,
      provider: { ...provider, getPrediction },
      ledger: createLedger({ limitMicroUsd: 3 }),
      persist: ({ index }) =>
        defer(() => {
          if (index === 1) open.next(null);
          return EMPTY;
        }),
    }),
  );
  const outcomes = (await ended).map(({ index, status, error }) => [index, status, error?.code ?? null]);
  expect(outcomes.toSorted()).toEqual([
    [0, 'saved', null],
    [1, 'skipped', 'ERR_OVER_BUDGET'],
  ]);
  expect(provider.made).toEqual([]);
});

it('makes the result, with a warning, if the cache can keep no leases', async () => {
  const { cache } = sharedCache(() => throwError(() => new StorageError('ERR_DISK_FULL', 'full')));
  const run = runOf({ cache });
  expect((await outcomesOf([seeded(0)], run)).map(summary)).toEqual(['0 saved 1 p0']);
  expect(run.events).toContainEqual({
    type: 'warning',
    message: 'Another run may make result #1, too: full',
  });
});

it('never deadlocks: two runs that want the same results in opposite order make each once', async () => {
  const taken = new Map<string, Subject<void>>();
  const results = new Set<string>();
  const cache: ResultCache = {
    restore: (key, { stem }) =>
      of(results.has(key) ? { prediction: aPrediction(), files: [aFile(`${stem}.png`)] } : null),
    keep: (key) => {
      results.add(key);
      return EMPTY;
    },
    lease: (key): Observable<ResultLease> =>
      defer(() => {
        const holder = taken.get(key);
        if (holder !== undefined)
          return concat(holder, cache.lease?.(key, {}) ?? EMPTY) as Observable<ResultLease>;
        const own = new Subject<void>();
        taken.set(key, own);
        return of({
          release: () => {
            taken.delete(key);
            own.complete();
          },
        });
      }),
  };
  const provider = succeeding({ tookMs: 1 });
  const plans = Array.from({ length: 20 }, (_, index) => seeded(index));
  const [forth, back] = await Promise.all([
    outcomesOf(plans, runOf({ cache, provider, concurrency: 2, downloads: 1 })),
    outcomesOf(plans.toReversed(), runOf({ cache, provider, concurrency: 2, downloads: 1 })),
  ]);
  expect([forth.length, back.length, provider.made.length]).toEqual([20, 20, 20]);
  await lastValueFrom(timer(0));
  expect(taken.size).toBe(0);
});
