import fc from 'fast-check';
import {
  defer,
  finalize,
  lastValueFrom,
  map,
  of,
  throwError,
  timer,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError } from '../../../../src/errors.ts';
import { settledPredictions } from '../../../../src/pipelines/run/closing/settledPredictions.ts';
import type { Prediction } from '../../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../../helpers/fakeProvider.ts';
import { marbles } from '../../../helpers/marbles.ts';

const settled = (id: string) => aPrediction({ id, status: 'succeeded', metrics: { predict_time: 1 } });
const running = (id: string) => aPrediction({ id, status: 'processing' });

/** A service whose list request takes a frame; each look sees the next of `pages`. */
function listing(looks: readonly (readonly (readonly Prediction[])[])[]) {
  const asked: string[] = [];
  let look = -1;
  const listPredictions = ({ next }: { next?: string }) =>
    defer(() => {
      if (next === undefined) look += 1;
      const pages = looks[Math.min(look, looks.length - 1)] ?? [];
      const page = Number(next ?? 0);
      asked.push(`${look}:${page}`);
      const following = page + 1 < pages.length ? String(page + 1) : null;
      return timer(1).pipe(map(() => ({ predictions: pages[page] ?? [], next: following })));
    });
  /** By id it shows predictions as the last look has shown them. */
  const getPrediction = (id: string) =>
    defer(() => {
      const shown = (looks.at(-1) ?? []).flat().find((prediction) => prediction.id === id);
      return shown === undefined
        ? throwError(() => new ProviderError('ERR_NOT_FOUND', '404', { status: 404 }))
        : of(shown);
    });
  return { provider: fakeProvider({ listPredictions, getPrediction }), asked };
}
const base = { createdAfterMs: 0, pages: 10, pausesMs: [2, 5] };

it(
  'reads all in one request',
  marbles(({ expectObservable }) => {
    const { provider } = listing([[[settled('b'), settled('x'), settled('a')]]]);
    const ids = settledPredictions(provider, { ...base, ids: ['a', 'b'] }).pipe(map(({ id }) => id));
    expectObservable(ids).toBe('-(ba|)');
  }),
);

it(
  'looks again at running predictions, after growing pauses, and completes without those that never end',
  marbles(({ expectObservable }) => {
    const { provider } = listing([
      [[running('c'), running('b'), settled('a')]],
      [[running('c'), settled('b')]],
      [[running('c')]],
    ]);
    const ids = settledPredictions(provider, { ...base, ids: ['a', 'b', 'c'] }).pipe(map(({ id }) => id));
    expectObservable(ids).toBe('-a--b-----|'); // 1, pause of 2, 1, pause of 5, 1
  }),
);

it(
  'looks again for predictions that are not listed yet',
  marbles(({ expectObservable }) => {
    const { provider } = listing([[[]], [[settled('a')]]]);
    const ids = settledPredictions(provider, { ...base, ids: ['a'] }).pipe(map(({ id }) => id));
    expectObservable(ids).toBe('----(a|)');
  }),
);

it(
  'emits the error of the list',
  marbles(({ cold, expectObservable }) => {
    const refused = new ProviderError('ERR_FORBIDDEN', 'no', { status: 403 });
    const provider = fakeProvider({
      listPredictions: () => cold('-#', undefined, refused),
      getPrediction: () => cold('--#', undefined, refused),
    });
    expectObservable(settledPredictions(provider, { ...base, ids: ['a'] })).toBe('---#', undefined, refused);
  }),
);

async function asked(ids: string[], looks: Parameters<typeof listing>[0], fields = {}) {
  const scheduler = new VirtualTimeScheduler();
  const { asked: requests, provider } = listing(looks);
  const found = lastValueFrom(
    settledPredictions(provider, { ...base, ids, scheduler, ...fields }).pipe(
      map(({ id }) => id),
      toArray(),
    ),
  );
  // Real milliseconds pass for the requests, virtual ones for the pauses.
  const pump = setInterval(() => scheduler.flush(), 1);
  const result = await found.finally(() => clearInterval(pump));
  return { requests, found: result };
}

it('reads no page that can show nothing new', async () => {
  const pages = [[running('d'), settled('c')], [settled('b')], [settled('a')]];
  const { requests } = await asked(['b', 'c', 'd'], [pages, [[settled('d')]]]);
  expect(requests).toEqual(['0:0', '0:1', '1:0']);
});

it('keeps to its pages over all looks, also if others fill the list', async () => {
  const others = Array.from({ length: 9 }, (_, page) => [settled(`x${page}`)]);
  const { requests, found } = await asked(['a'], [others], { pages: 3 });
  expect([requests.length, found]).toEqual([3, []]);
});

it('shows the whole first look to `see`', async () => {
  const seen: string[] = [];
  const pages = [[running('b'), settled('a')], [settled('x')]];
  const see = ({ id }: Prediction) => seen.push(id);
  await asked(['a', 'b'], [pages, [[settled('b')]]], { see });
  expect(seen).toEqual(['b', 'a', 'x']);
});

it('repeats a list request that failed for now', async () => {
  let tries = 0;
  const fault = new ProviderError('ERR_SERVICE', '500', { status: 500, recoverable: true });
  const listPredictions = () =>
    defer(() => {
      tries += 1;
      return tries === 1 ? throwError(() => fault) : of({ predictions: [settled('a')], next: null });
    });
  const provider = fakeProvider({ listPredictions });
  const config = { ...base, ids: ['a'], random: () => 0 };
  expect(await lastValueFrom(settledPredictions(provider, config).pipe(toArray()))).toHaveLength(1);
});

it('never takes more requests than its pages, and never emits an id twice', async () => {
  const state = fc.constantFrom('settled', 'running', 'absent');
  const looks = fc.array(fc.array(state, { minLength: 12, maxLength: 12 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(looks, fc.integer({ min: 1, max: 6 }), async (states, pages) => {
      const ids = Array.from({ length: 12 }, (_, index) => `p${index}`);
      const listed = states.map((look) => {
        const shown = look.flatMap((one, index) =>
          one === 'absent' ? [] : [one === 'settled' ? settled(`p${index}`) : running(`p${index}`)],
        );
        return Array.from({ length: 4 }, (_, page) => shown.slice(page * 3, page * 3 + 3));
      });
      const { requests, found } = await asked(ids, listed, { pages, pausesMs: [1, 1] });
      expect(requests.length).toBeLessThanOrEqual(pages);
      expect(new Set(found).size).toBe(found.length);
    }),
    { numRuns: 30 },
  );
});

it(
  'asks by id if the list is forbidden, and emits its error in the end',
  marbles(({ cold, expectObservable }) => {
    const refused = new ProviderError('ERR_FORBIDDEN', 'no', { status: 403 });
    const provider = fakeProvider({
      listPredictions: () => cold('-#', undefined, refused),
      getPrediction: (id) => cold('--(p|)', { p: id === 'b' ? running(id) : settled(id) }),
    });
    const ids = settledPredictions(provider, { ...base, ids: ['a', 'b', 'c'] }).pipe(map(({ id }) => id));
    expectObservable(ids).toBe('---(ac#)', undefined, refused);
  }),
);

it(
  'asks nothing more if the error concerns all calls',
  marbles(({ cold, expectObservable }) => {
    const refused = new ProviderError('ERR_UNAUTHENTICATED', 'no', { status: 401, stopsRun: true });
    const provider = fakeProvider({ listPredictions: () => cold('-#', undefined, refused) });
    expectObservable(settledPredictions(provider, { ...base, ids: ['a'] })).toBe('-#', undefined, refused);
  }),
);

it(
  'asks by id for predictions that are not in the list, and for an end without times and metrics',
  marbles(({ cold, expectObservable }) => {
    const asked = new Map([
      ['a', settled('a')],
      ['c', settled('c')],
    ]);
    const [a, b] = [aPrediction({ id: 'a' }), aPrediction({ id: 'b' })];
    const provider = fakeProvider({
      listPredictions: () => of({ predictions: [b, a], next: null }),
      getPrediction: (id) =>
        asked.has(id)
          ? cold('-(p|)', { p: asked.get(id)! })
          : cold<Prediction>('-#', undefined, new Error('no')),
    });
    const found = settledPredictions(provider, { ...base, ids: ['a', 'b', 'c'] });
    // 2 and 5 until the last look; b is shown as the list had it.
    expectObservable(found).toBe('--------(abc|)', { a: asked.get('a'), b, c: asked.get('c') });
  }),
);

it('asks for 300 by id at most, eight at the same time', async () => {
  let [most, running, asked] = [0, 0, 0];
  const provider = fakeProvider({
    listPredictions: () => of({ predictions: [], next: null }),
    getPrediction: (id) =>
      defer(() => {
        asked += 1;
        running += 1;
        most = Math.max(most, running);
        return timer(0).pipe(
          map(() => settled(id)),
          finalize(() => {
            running -= 1;
          }),
        );
      }),
  });
  const ids = Array.from({ length: 400 }, (_, nth) => `p${nth}`);
  const found = await lastValueFrom(
    settledPredictions(provider, { ...base, ids, pausesMs: [] }).pipe(toArray()),
  );
  expect([asked, found.length, most]).toEqual([300, 300, 8]);
});
