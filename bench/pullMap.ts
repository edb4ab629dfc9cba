/**
 * Maps 100,000 promises with `pullMap`, p-map's `pMapIterable`, p-queue and rxjs's `mergeMap`, in
 * turns in one process. Prints the median wall time and its ratio to that of `pMapIterable`, the
 * live memory at its highest above the beginning, and how many items were pulled ahead of the
 * results.
 *
 *     npm run bench:operators
 */
import { pMapIterable } from 'p-map';
import PQueue from 'p-queue';
import { from, mergeMap, type Observable } from 'rxjs';
import { pullMap } from '../src/operators/pullMap.ts';

const ITEMS = 100_000;
const CONCURRENCY = 16;
const ROUNDS = 15;

type Task = (item: number) => Promise<number>;
type Contestant = (items: Iterable<number>, task: Task, take: (result: number) => void) => Promise<unknown>;

const ended = (results: Observable<number>, take: (result: number) => void) =>
  new Promise<void>((complete, error) => results.subscribe({ next: take, error, complete }));

const contestants: Readonly<Record<string, Contestant>> = {
  pullMap: (items, task, take) => ended(pullMap(items, task, { concurrency: CONCURRENCY }), take),
  pMapIterable: async (items, task, take) => {
    for await (const result of pMapIterable(items, task, { concurrency: CONCURRENCY })) take(result);
  },
  'p-queue': (items, task, take) => {
    const queue = new PQueue({ concurrency: CONCURRENCY });
    for (const item of items) void queue.add(async () => take(await task(item)));
    return queue.onIdle();
  },
  mergeMap: (items, task, take) => ended(from(items).pipe(mergeMap(task, CONCURRENCY)), take),
};

/** Runs a contestant, and calls `look` with the number of items pulled and of results taken. */
async function run(contestant: Contestant, look: (pulled: number, taken: number) => void): Promise<void> {
  let pulled = 0;
  let taken = 0;
  function* items() {
    for (let item = 0; item < ITEMS; item += 1) {
      pulled += 1;
      look(pulled, taken);
      yield item;
    }
  }
  const task = async (item: number) => item * 2;
  await contestant(items(), task, () => {
    taken += 1;
    look(pulled, taken);
  });
  if (taken !== ITEMS) throw new Error(`Expected ${ITEMS} results, got ${taken}`);
}

async function wallMsOf(contestant: Contestant): Promise<number> {
  global.gc?.();
  const startedAt = performance.now();
  await run(contestant, () => {});
  return performance.now() - startedAt;
}

/** Live memory, collected 20 times while the items are pulled and 20 times while results come. */
async function peakMbOf(contestant: Contestant): Promise<number> {
  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  let peak = 0;
  await run(contestant, (pulled, taken) => {
    if ((pulled + taken) % (ITEMS / 20) !== 0) return;
    global.gc?.();
    peak = Math.max(peak, process.memoryUsage().heapUsed - before);
  });
  return peak / 1_000_000;
}

async function aheadOf(contestant: Contestant): Promise<number> {
  let ahead = 0;
  await run(contestant, (pulled, taken) => {
    ahead = Math.max(ahead, pulled - taken);
  });
  return ahead;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

if (global.gc === undefined) throw new Error('Run it with --expose-gc, as npm run bench:operators does.');
const names = Object.keys(contestants);
const wallMs = new Map(names.map((name): [string, number[]] => [name, []]));
for (let round = -2; round < ROUNDS; round += 1) {
  for (const [name, contestant] of Object.entries(contestants)) {
    const tookMs = await wallMsOf(contestant);
    // The first two rounds warm up.
    if (round >= 0) wallMs.get(name)?.push(tookMs);
  }
}
const medians = new Map([...wallMs].map(([name, times]) => [name, median(times)]));
console.log(`${ITEMS} promises, ${CONCURRENCY} at a time; median of ${ROUNDS}`);
console.log('| | wall | ratio | live memory, peak | pulled ahead |\n| --- | --- | --- | --- | --- |');
for (const [name, contestant] of Object.entries(contestants)) {
  const ms = medians.get(name) ?? 0;
  const ratio = ms / (medians.get('pMapIterable') ?? 1);
  const cells = [`${ms.toFixed(0)} ms`, ratio.toFixed(2), `${(await peakMbOf(contestant)).toFixed(1)} MB`];
  console.log(`| ${name} | ${cells.join(' | ')} | ${await aheadOf(contestant)} |`);
}
