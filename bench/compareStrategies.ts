import { count, defer, delay, lastValueFrom, tap, VirtualTimeScheduler } from 'rxjs';
import { generate } from '../src/pipelines/generate.ts';
import type { GenerateConfig } from '../src/pipelines/journey/run.ts';
import { createRandom } from '../src/simulator/engine/random.ts';
import { createMemoryJournal } from '../src/store/memoryJournal.ts';
import { memoryPorts, plansUpTo } from './memoryPorts.ts';
import { passVirtualTime } from './passVirtualTime.ts';

const PREDICTIONS = 1_000;
/** The spread of run times is the simulator's, the median that of flux-dev. */
const MEDIAN_MS = 3_200;
const SIGMA = 0.25;
const DOWNLOAD_MS = 250;
const PLACES = 10;
/** What the service lets through: 600 a minute. */
const CREATES_A_SECOND = 10;

const rows = [
  ['sequential', { strategy: 'sequential' }],
  ['parallel', { strategy: 'parallel' }],
  ['parallel, `--concurrency 10`', { strategy: 'parallel', concurrency: PLACES }],
  ['waves', { strategy: 'waves', concurrency: PLACES }],
  ['queue', { strategy: 'queue', concurrency: PLACES }],
  ['stream', { strategy: 'stream', concurrency: PLACES }],
] as const;

/** A strategy over the batch, in figures. */
export interface StrategyFigures {
  readonly name: string;
  /** Predictions in flight at most, as measured. */
  readonly inFlight: number;
  readonly makespanMs: number;
  /** The makespan over what ten places need at least. */
  readonly ratio: number;
  /** Creates and downloads. */
  readonly requests: number;
  /** Jobs that were pulled and had no outcome yet, at most: what memory grows with. */
  readonly jobsHeld: number;
}

/**
 * Runs `generate` over the same 1,000 predictions with each strategy, in virtual time: the same figures on every machine.
 * Run times are log-normal and seeded; network and disk are replaced by waits, everything else is the pipeline itself.
 */
export async function compareStrategies(): Promise<readonly StrategyFigures[]> {
  const random = createRandom('strategies');
  const durationsMs = Array.from({ length: PREDICTIONS }, () =>
    Math.round(random.logNormal(MEDIAN_MS, SIGMA)),
  );
  const workMs = durationsMs.reduce((sum, durationMs) => sum + durationMs, 0);
  // No schedule can be shorter: not all the work on ten places, nor any one prediction.
  const limitMs = Math.max(...durationsMs, workMs / PLACES);
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
  if (outcomes !== durationsMs.length) throw new Error(`Expected an outcome of each job, got ${outcomes}`);
  return { inFlight: open.most, makespanMs, requests, jobsHeld: held.most };
}

/** Counts who is there, and remembers how many there were at most. */
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
