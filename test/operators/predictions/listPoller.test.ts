import {
  defer,
  forkJoin,
  lastValueFrom,
  of,
  type SchedulerLike,
  type Subscription,
  throwError,
  VirtualTimeScheduler,
} from 'rxjs';
import { expect, it } from 'vitest';
import type { ClockScheduler } from '../../../src/base/monotonicScheduler.ts';
import { ProviderError } from '../../../src/errors.ts';
import { createListPoller } from '../../../src/operators/predictions/listPoller.ts';
import type { Follower, Provider } from '../../../src/ports.ts';
import type { Prediction } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { movableClock } from '../../helpers/movableClock.ts';
import { alone } from '../../helpers/oneItem.ts';

const at = (ms: number) => new Date(ms).toISOString();

/**
 * A service in virtual time: `add` makes a prediction that is finished after `tookMs`; `asked` has
 * the received questions. A `hidden` prediction is not in the list.
 */
function serviceOf(scheduler: SchedulerLike, { pageSize = 100 } = {}) {
  const made: { id: string; createdMs: number; tookMs: number; hidden: boolean }[] = [];
  const asked: string[] = [];
  const stateOf = ({ id, createdMs, tookMs }: (typeof made)[number]): Prediction => {
    const endMs = createdMs + tookMs;
    const isDone = scheduler.now() >= endMs;
    return aPrediction({
      id,
      status: isDone ? 'succeeded' : 'processing',
      output: isDone ? ['https://files.example/1.png'] : null,
      outputComplete: isDone,
      createdAt: at(createdMs),
      completedAt: isDone ? at(endMs) : null,
    });
  };
  const provider: Provider = fakeProvider({
    getPrediction: (id) =>
      defer(() => {
        asked.push(`${scheduler.now()} get ${id}`);
        const found = made.find((one) => one.id === id);
        return found === undefined ? throwError(() => notFound()) : of(stateOf(found));
      }),
    listPredictions: ({ createdAfterMs, next }) =>
      defer(() => {
        asked.push(`${scheduler.now()} list${next === undefined ? '' : ` ${next}`}`);
        const newest = made.filter((one) => !one.hidden && one.createdMs >= createdAfterMs).toReversed();
        const from = Number(next ?? 0);
        const predictions = newest.slice(from, from + pageSize).map(stateOf);
        return of({ predictions, next: newest.length > from + pageSize ? String(from + pageSize) : null });
      }),
  });
  const add = (id: string, tookMs: number, hidden = false): Prediction => {
    const one = { id, createdMs: scheduler.now(), tookMs, hidden };
    made.push(one);
    return stateOf(one);
  };
  return { provider, asked, add };
}

const notFound = () => new ProviderError('ERR_NOT_FOUND', '404', { status: 404 });

/** Follows a prediction and writes down when its end became known. */
function noteEnd(
  follower: Follower,
  prediction: Prediction,
  scheduler: SchedulerLike,
  ends: string[],
): Subscription {
  return follower.follow(prediction, scheduler.now()).subscribe({
    next: ({ id, outputComplete }) => {
      if (outputComplete) ends.push(`${scheduler.now()} ${id}`);
    },
    error: (error) => ends.push(`${scheduler.now()} ${prediction.id} ${error.code}`),
  });
}

it('sends one request for all', () => {
  const scheduler = new VirtualTimeScheduler();
  const { provider, asked, add } = serviceOf(scheduler);
  const poller = createListPoller(provider, { scheduler });
  const ends: string[] = [];
  for (const [id, tookMs] of [
    ['a', 400],
    ['b', 450],
    ['c', 700],
    ['d', 700],
    ['e', 700],
  ] as const) {
    noteEnd(poller, add(id, tookMs), scheduler, ends);
  }
  scheduler.flush();
  expect(ends).toEqual(['500 b', '500 a', '775 e', '775 d', '775 c']);
  // Not knowing how long they take, it asks less and less often.
  expect(asked).toEqual(['250 list', '500 list', '775 list']);
});

it('asks for the last one by its id', () => {
  const scheduler = new VirtualTimeScheduler();
  const { provider, asked, add } = serviceOf(scheduler);
  const ends: string[] = [];
  noteEnd(createListPoller(provider, { scheduler }), add('a', 300), scheduler, ends);
  scheduler.flush();
  expect([asked, ends]).toEqual([['250 get a', '513 get a'], ['513 a']]);
});

it('asks nothing before one can be ready, once it knows how long they take', () => {
  const scheduler = new VirtualTimeScheduler();
  const { provider, asked, add } = serviceOf(scheduler);
  const poller = createListPoller(provider, { scheduler });
  const ends: string[] = [];
  for (const id of ['a', 'b', 'c']) noteEnd(poller, add(id, 4_000), scheduler, ends);
  scheduler.flush();
  const known = asked.length;
  const startMs = scheduler.now();
  for (const id of ['d', 'e', 'f']) noteEnd(poller, add(id, 4_000), scheduler, ends);
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  scheduler.flush();
  const first = Number.parseInt(asked[known] ?? '', 10) - startMs;
  expect(first).toBeGreaterThanOrEqual(3_600); // 0.9 * 4000
  expect(asked.length - known).toBeLessThanOrEqual(3);
});

it('reads no more pages than may hold them', () => {
  const scheduler = new VirtualTimeScheduler();
  const { provider, asked, add } = serviceOf(scheduler, { pageSize: 2 });
  const poller = createListPoller(provider, { scheduler });
  const ends: string[] = [];
  for (const id of ['a', 'b', 'c']) noteEnd(poller, add(id, 100), scheduler, ends);
  // Those of others, newer: ours are on the second page and further on.
  for (let other = 0; other < 4; other += 1) add(`other ${other}`, 100);
  scheduler.flush();
  expect(asked.slice(0, 2)).toEqual(['250 list', '250 list 2']);
  expect(asked.filter((question) => question.includes('list 4'))).toEqual([]);
  expect(ends.map((end) => end.split(' ')[1]).sort()).toEqual(['a', 'b', 'c']);
});

it('requests by id a prediction that the list lacks, less and less often', () => {
  const scheduler = new VirtualTimeScheduler();
  const { provider, asked, add } = serviceOf(scheduler);
  const poller = createListPoller(provider, { scheduler });
  const ends: string[] = [];
  noteEnd(poller, add('hidden', 3_000, true), scheduler, ends);
  for (const id of ['a', 'b', 'c']) noteEnd(poller, add(id, 5_000), scheduler, ends);
  scheduler.flush();
  expect(ends.find((end) => end.endsWith('hidden'))).toBeDefined();
  const gets = asked
    .filter((question) => question.endsWith('get hidden'))
    .map((line) => Number.parseInt(line, 10));
  expect(gets[0]).toBe(500); // The first list that lacked it might have been too early.
  const waits = gets.slice(1).map((ms, index) => ms - (gets[index] ?? 0));
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(gets.length).toBeLessThan(6);
});

it('gives the failure of one request to its subscriber, and that of the list to all', () => {
  const scheduler = new VirtualTimeScheduler();
  const { provider, add } = serviceOf(scheduler);
  const ends: string[] = [];
  const poller = createListPoller(provider, { scheduler });
  noteEnd(poller, { ...add('x', 100), id: 'unknown' }, scheduler, ends);
  noteEnd(poller, add('a', 3_000), scheduler, ends);
  scheduler.flush();
  expect(ends.map((end) => end.replace(/^\d+ /, ''))).toEqual(['a', 'unknown ERR_NOT_FOUND']);

  const stopped = new ProviderError('ERR_UNAUTHENTICATED', '401', { status: 401, stopsRun: true });
  const refused: string[] = [];
  const other = createListPoller(
    { ...provider, listPredictions: () => throwError(() => stopped) },
    { scheduler },
  );
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  for (const id of ['a', 'b', 'c']) noteEnd(other, add(id, 100), scheduler, refused);
  scheduler.flush();
  expect(refused.map((end) => end.replace(/^\d+ /, ''))).toEqual([
    'a ERR_UNAUTHENTICATED',
    'b ERR_UNAUTHENTICATED',
    'c ERR_UNAUTHENTICATED',
  ]);
});

it('asks again for a list that fails for a moment', () => {
  const scheduler = new VirtualTimeScheduler();
  const { provider, add } = serviceOf(scheduler);
  let faults = 2;
  const weak: Provider = {
    ...provider,
    listPredictions: (query) =>
      defer(() => {
        faults -= 1;
        const fault = new ProviderError('ERR_SERVICE', '500', { status: 500, recoverable: true });
        return faults >= 0 ? throwError(() => fault) : provider.listPredictions(query);
      }),
  };
  const ends: string[] = [];
  const poller = createListPoller(weak, { scheduler, random: () => 1 });
  for (const id of ['a', 'b', 'c']) noteEnd(poller, add(id, 100), scheduler, ends);
  scheduler.flush();
  expect(ends).toEqual(['1750 c', '1750 b', '1750 a']); // 250 + 500 + 1000
});

it('asks nothing when no subscriber is left', () => {
  const scheduler = new VirtualTimeScheduler();
  const { provider, asked, add } = serviceOf(scheduler);
  const poller = createListPoller(provider, { scheduler });
  const followed = ['a', 'b', 'c'].map((id) => noteEnd(poller, add(id, 10_000), scheduler, []));
  scheduler.schedule(() => {
    for (const subscription of followed) subscription.unsubscribe();
  }, 600);
  scheduler.flush();
  expect(asked).toEqual(['250 list', '500 list']);
});

it('asks nothing if its timer fires a moment too early', () => {
  const scheduler = new VirtualTimeScheduler();
  const { provider, asked, add } = serviceOf(scheduler);
  let lateMs = 0;
  const clock: SchedulerLike = {
    now: () => scheduler.now() - lateMs,
    schedule: scheduler.schedule.bind(scheduler),
  };
  const ends: string[] = [];
  const poller = createListPoller(provider, { scheduler: clock });
  for (const id of ['a', 'b', 'c']) noteEnd(poller, add(id, 100), scheduler, ends);
  lateMs = 1;
  scheduler.flush();
  expect(asked).toEqual(['500 list']);
  expect(ends).toHaveLength(3);
});

it('needs few requests for many, and knows their end soon', () => {
  const scheduler = new VirtualTimeScheduler();
  const { provider, asked, add } = serviceOf(scheduler);
  const poller = createListPoller(provider, { scheduler });
  const lags: number[] = [];
  let begun = 0;
  const begin = (): void => {
    if (begun === 100) return;
    // Spread like run times: the median 3.2 s, most of them within a quarter of it.
    const tookMs = Math.round(3_200 * Math.exp(0.25 * Math.sin(begun * 12.9898) * 1.5));
    const prediction = add(`p${begun}`, tookMs);
    const createdMs = scheduler.now();
    begun += 1;
    poller.follow(prediction, createdMs).subscribe({
      next: ({ outputComplete }) => {
        if (outputComplete) lags.push(scheduler.now() - createdMs - tookMs);
      },
      complete: begin,
    });
  };
  for (let lane = 0; lane < 50; lane += 1) begin();
  scheduler.flush();
  expect(lags).toHaveLength(100);
  expect(asked.length).toBeLessThanOrEqual(29); // with 100 creates and one model lookup: 1.3 an image
  expect(lags.toSorted((a, b) => a - b)[94]).toBeLessThan(400);
});

it.each([{ shortestMs: 0 }, { longestMs: 100 }])('refuses %j', (config) => {
  expect(() => createListPoller(fakeProvider({}), config)).toThrow('Expected `');
});

it('continues for a subscriber that comes while the others get the error of the list', () => {
  const scheduler = new VirtualTimeScheduler();
  let isDown = true;
  const { provider, add } = serviceOf(scheduler);
  const refused = new ProviderError('ERR_UNAUTHENTICATED', '401', { status: 401, stopsRun: true });
  const follower = createListPoller(
    {
      ...provider,
      listPredictions: (query) =>
        defer(() => (isDown ? throwError(() => refused) : provider.listPredictions(query))),
    },
    { scheduler },
  );
  const third = add('c', 5_000);
  const ended: string[] = [];
  for (const id of ['a', 'b']) {
    follower.follow(add(id, 60_000), 0).subscribe({
      error: () => {
        if (!isDown) return;
        isDown = false;
        follower.follow(third, scheduler.now()).subscribe({ complete: () => ended.push('c') });
      },
    });
  }
  scheduler.flush();
  expect(ended).toEqual(['c']);
});

it.each([
  ['back', -300_000],
  ['forward', 300_000],
])('continues to ask, and does not give up, if the clock is set %s meanwhile', async (_name, byMs) => {
  const clock = movableClock();
  const running = aPrediction({ status: 'processing', output: null, outputComplete: false });
  let asked = 0;
  const states = (...ids: string[]) => {
    asked += 1;
    if (asked === 1) clock.set(byMs);
    return ids.map((id) => ({ ...(asked < 3 ? running : aPrediction()), id }));
  };
  const provider = fakeProvider({
    getPrediction: (id) => defer(() => states(id)),
    listPredictions: () => defer(() => of({ predictions: states('a', 'b'), next: null })),
  });
  const follower = createListPoller(provider, { shortestMs: 1, longestMs: 2 });
  const ends = ['a', 'b'].map((id) =>
    of({ ...running, id }).pipe(alone.awaitPrediction(provider, { follower, timeoutMs: 60_000 })),
  );
  expect((await lastValueFrom(forkJoin(ends))).map(({ status }) => status)).toEqual([
    'succeeded',
    'succeeded',
  ]);
});

it('asks for the list by the time of day, not by the time of its scheduler', () => {
  const virtual = new VirtualTimeScheduler();
  const localMs = Date.UTC(2026, 0, 2);
  const scheduler: ClockScheduler = {
    now: () => virtual.now(),
    wallNow: () => localMs + virtual.now(),
    schedule: virtual.schedule.bind(virtual),
  };
  const asked: string[] = [];
  const provider = fakeProvider({
    listPredictions: ({ createdAfterMs }) => {
      asked.push(`${virtual.now()} since ${createdAfterMs - localMs}`);
      return of({ predictions: ['a', 'b'].map((id) => aPrediction({ id })), next: null });
    },
  });
  const poller = createListPoller(provider, { scheduler, shortestMs: 250 });
  for (const id of ['a', 'b']) poller.follow(aPrediction({ id }), localMs - 100).subscribe();
  virtual.flush();
  expect(asked).toEqual(['150 since -100']);
});

it.each([
  ['leaves it out', []],
  ['has it with an unknown status', [aPrediction({ id: 'b', status: 'unknown', outputComplete: false })]],
])('asks by id for a prediction if the list %s', (_name, listed) => {
  const scheduler = new VirtualTimeScheduler();
  const running = aPrediction({ status: 'processing', output: null, outputComplete: false });
  const ends: string[] = [];
  const provider = fakeProvider({
    getPrediction: (id) => of(aPrediction({ id })),
    listPredictions: () =>
      of({ predictions: [{ ...running, id: 'a' }, ...listed], next: null, unreadable: 1, isComplete: false }),
  });
  const poller = createListPoller(provider, { scheduler });
  poller.follow({ ...running, id: 'a' }, 0).subscribe();
  noteEnd(poller, { ...running, id: 'b' }, scheduler, ends);
  scheduler.maxFrames = 60_000;
  scheduler.flush();
  expect(ends).toHaveLength(1);
  expect(Number(ends[0]?.split(' ')[0])).toBeLessThan(5_000);
});

const failing = (code: string, status: number, recoverable: boolean, stopsRun = false) =>
  throwError(() => new ProviderError(code, `${status}`, { status, recoverable, stopsRun }));
it.each<[string, Provider['listPredictions']]>([
  ['is forbidden', () => failing('ERR_FORBIDDEN', 403, false)],
  ['is refused by a page of a gateway', () => failing('ERR_REFUSED', 403, true)],
  ['is blocked by a web filter', () => failing('ERR_WEB_PAGE', 403, true, true)],
  ['is not found', () => failing('ERR_NOT_FOUND', 404, false)],
  ['fails each time', () => failing('ERR_SERVICE', 500, true)],
  ['is empty', () => of({ predictions: [], next: null })],
  ['has only others', () => of({ predictions: [aPrediction({ id: 'other' })], next: null })],
])('asks by id, a few at a time, if the list %s', (_name, listPredictions) => {
  const scheduler = new VirtualTimeScheduler();
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  const { provider, asked, add } = serviceOf(scheduler);
  let lists = 0;
  const listed: Provider['listPredictions'] = (query) =>
    defer(() => {
      lists += 1;
      return listPredictions(query);
    });
  const poller = createListPoller({ ...provider, listPredictions: listed }, { scheduler });
  const ends: string[] = [];
  for (let nth = 0; nth < 60; nth += 1) noteEnd(poller, add(`p${nth}`, 30_000), scheduler, ends);
  scheduler.flush();
  expect(ends).toHaveLength(60);
  const lagMs = Math.max(...ends.map((end) => Number.parseInt(end, 10))) - 30_000;
  expect(lagMs).toBeLessThan(7_000);
  // Ten requests a second at most, on average.
  expect(asked.length).toBeLessThan(10 * 37 + 60);
  expect(lists).toBeLessThan(25);
});

it('returns to the list when it can be read again', () => {
  const scheduler = new VirtualTimeScheduler();
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  const { provider, asked, add } = serviceOf(scheduler);
  const poller = createListPoller(
    {
      ...provider,
      listPredictions: (query) =>
        defer(() =>
          scheduler.now() < 20_000 ? failing('ERR_SERVICE', 503, true) : provider.listPredictions(query),
        ),
    },
    { scheduler },
  );
  const ends: string[] = [];
  for (let nth = 0; nth < 9; nth += 1) noteEnd(poller, add(`p${nth}`, 90_000), scheduler, ends);
  scheduler.flush();
  expect(ends).toHaveLength(9);
  const [alone, together] = [/get/, /list/].map((kind) =>
    asked.filter((question) => kind.test(question)).map((question) => Number.parseInt(question, 10)),
  );
  expect(Math.max(...(alone ?? []))).toBeLessThan(60_000);
  expect(together?.length).toBeGreaterThan(5);
});

it.each([
  ['has it', aPrediction({ id: 'a' }), '256 a'],
  ['does not have it either', aPrediction({ id: 'a', output: null }), '256 a'],
])('asks by id for an output that the list leaves out, whether the service %s', (_name, whole, end) => {
  const scheduler = new VirtualTimeScheduler();
  const silent = aPrediction({ id: 'a', output: null });
  const running = aPrediction({ id: 'b', status: 'processing', output: null, outputComplete: false });
  const asked: string[] = [];
  const provider = fakeProvider({
    getPrediction: (id) => defer(() => of(asked.push(id) > 0 ? whole : running)),
    listPredictions: () => of({ predictions: [running, silent], next: null }),
  });
  const poller = createListPoller(provider, { scheduler, shortestMs: 256 });
  const seen: string[] = [];
  poller.follow({ ...running, id: 'a' }, 0).subscribe((state) => {
    expect(state).toBe(whole);
    seen.push(`${scheduler.now()} ${state.id}`);
  });
  poller.follow(running, 0).subscribe();
  scheduler.maxFrames = 300;
  scheduler.flush();
  expect([seen, asked]).toEqual([[end], ['a']]);
});

it('asks the list about the last one while requests by id fail', () => {
  const scheduler = new VirtualTimeScheduler();
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  const { provider, add } = serviceOf(scheduler);
  const poller = createListPoller(
    { ...provider, getPrediction: () => failing('ERR_SERVICE', 503, true) },
    { scheduler },
  );
  const ends: string[] = [];
  noteEnd(poller, add('a', 300_000), scheduler, ends);
  scheduler.flush();
  expect(ends.map((line) => line.split(' ')[1])).toEqual(['a']);
});
