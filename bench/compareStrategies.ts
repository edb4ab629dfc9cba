import { count, defer, delay, lastValueFrom, tap, VirtualTimeScheduler } from 'rxjs';
import { generate } from '../src/pipelines/generate.ts';
import type { GenerateConfig } from '../src/pipelines/journey/config.ts';
import { createRandom } from '../src/simulator/engine/random.ts';
import { createMemoryJournal } from '../src/store/memoryJournal.ts';
import { memoryPorts, plansUpTo } from './memoryPorts.ts';
import { passVirtualTime } from './passVirtualTime.ts';

const PREDICTIONS = 1_000;
/** The median run time of flux-dev; the spread is the simulator's. */
const MEDIAN_MS = 3_200;
const SIGMA = 0.25;
const DOWNLOAD_MS = 250;
const SLOTS = 10;
/** The rate limit of the service: 600 a minute. */
const CREATES_A_SECOND = 10;

const rows = [
  ['sequential', { strategy: 'sequential' }],
  ['parallel', { strategy: 'parallel' }],
  ['parallel, `--concurrency 10`', { strategy: 'parallel', concurrency: SLOTS }],
  ['waves', { strategy: 'waves', concurrency: SLOTS }],
  ['queue', { strategy: 'queue', concurrency: SLOTS }],
  ['stream', { strategy: 'stream', concurrency: SLOTS }],
] as const;

/** The figures of a strategy for the whole batch. */
export interface StrategyFigures {
  readonly name: string;
  /** Most predictions in flight, as measured. */
  readonly inFlight: number;
  readonly makespanMs: number;
  /** The makespan divided by the shortest possible one on ten slots. */
  readonly ratio: number;
  /** Create requests and downloads. */
  readonly requests: number;
  /** Most jobs that were pulled and had no outcome yet: memory grows with them. */
  readonly jobsHeld: number;
}

/**
 * Runs `generate` over the same 1,000 predictions with each strategy, in virtual time: identical
 * figures on every machine. Run times are log-normal and seeded; network and disk are replaced by
 * waits, everything else is the pipeline itself.
 */
export async function compareStrategies(): Promise<readonly StrategyFigures[]> {
  const random = createRandom('strategies');
  const durationsMs = Array.from({ length: PREDICTIONS }, () =>
    Math.round(random.logNormal(MEDIAN_MS, SIGMA)),
  );
  const workMs = durationsMs.reduce((sum, durationMs) => sum + durationMs, 0);
  // No schedule can be shorter than all the work on ten slots, nor than the longest prediction.
  const limitMs = Math.max(...durationsMs, workMs / SLOTS);
  const figures: StrategyFigures[] = [];
  for (const [name, settings] of rows) {
    const measured = await measure(settings, durationsMs);
    figures.push({ name, ...measured, ratio: measured.makespanMs / limitMs });
  }
  return figures;
}

async function measure(
  settings: Pick<GenerateConfig, 'strategy' | 'concurrency'>,
  durationsMs: readonly number[],
): Promise<Omit<StrategyFigures, 'name' | 'ratio'>> {
  const scheduler = new VirtualTimeScheduler();
  const ports = memoryPorts(CREATES_A_SECOND, ({ seed }) => durationsMs[Number(seed)] ?? 0, scheduler);
  const open = highWater();
  const held = highWater();
  let requests = 0;
  let makespanMs = 0;

  const plans = function* () {
    for (const plan of plansUpTo(durationsMs.length)) {
      held.enter();
      yield plan;
    }
  };
  const run = generate(plans, {
    ...ports,
    ...settings,
    journal: createMemoryJournal(),
    provider: {
      ...ports.provider,
      createPrediction: (request, options) =>
        defer(() => {
          requests += 1;
          open.enter();
          return ports.provider.createPrediction(request, options);
        }).pipe(tap({ complete: open.leave })),
    },
    downloader: {
      download: (url, target) =>
        defer(() => {
          requests += 1;
          return ports.downloader.download(url, target).pipe(delay(DOWNLOAD_MS, scheduler));
        }),
    },
    scheduler,
  });
  const ended = lastValueFrom(
    run.pipe(
      tap(() => {
        held.leave();
        makespanMs = scheduler.now();
      }),
      count(),
    ),
  );
  await passVirtualTime(scheduler);
  const outcomes = await ended;
  if (outcomes !== durationsMs.length)
    throw new Error(`Expected ${durationsMs.length} outcomes, got ${outcomes}`);
  return { inFlight: open.most, makespanMs, requests, jobsHeld: held.most };
}

/** Counts the items that are in, and the most that were in at once. */
function highWater() {
  let now = 0;
  const water = {
    most: 0,
    enter: () => {
      now += 1;
      water.most = Math.max(water.most, now);
    },
    leave: () => {
      now -= 1;
    },
  };
  return water;
}
