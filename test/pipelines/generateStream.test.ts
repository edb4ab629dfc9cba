import { concat, defer, delay, EMPTY, of, Subject, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { passVirtualTime } from '../../bench/passVirtualTime.ts';
import { ProviderError, StorageError } from '../../src/errors.ts';
import { generateStream } from '../../src/pipelines/generateStream.ts';
import type { GenerateConfig } from '../../src/pipelines/journey/config.ts';
import type { Downloader } from '../../src/ports.ts';
import type { Outcome } from '../../src/types.ts';
import { aPlan, runOf, succeeding } from '../helpers/runOf.ts';

/** Plans that count how many of them were pulled. */
function counted(count: number) {
  const seen = { pulled: 0 };
  const plans = function* () {
    for (let index = 0; index < count; index += 1) {
      seen.pulled += 1;
      yield aPlan(index);
    }
  };
  return { plans, seen };
}

/** All jobs in flight come to rest. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 5));

const indexOf = (result: IteratorResult<Outcome, void>) => (result.done ? 'done' : result.value.index);

/** At most `slots` jobs in flight. */
const withSlots = (slots: number, fields: Partial<GenerateConfig> = {}) =>
  runOf({ strategy: 'queue', concurrency: slots, ...fields });

it('gives every outcome, and begins nothing before it is asked', async () => {
  const { plans, seen } = counted(30);
  const outcomes = generateStream(plans, runOf({ concurrency: 2 }).config);
  await rest();
  expect(seen.pulled).toBe(0);
  const indexes: number[] = [];
  for await (const { index } of outcomes) indexes.push(index);
  expect(indexes.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index));
});

describe('a slow consumer', () => {
  it('stops jobs from being pulled: each that it has not taken stays in flight', async () => {
    const { plans, seen } = counted(20);
    const provider = succeeding();
    const outcomes = generateStream(plans, withSlots(3, { provider }).config);
    expect(indexOf(await outcomes.next())).toBe(0);
    await rest();
    expect({ ...seen, made: provider.made.length }).toEqual({ pulled: 3, made: 3 });
    // Asking for the next outcome frees the first job.
    expect(indexOf(await outcomes.next())).toBe(1);
    await rest();
    expect({ ...seen, made: provider.made.length }).toEqual({ pulled: 4, made: 4 });
    await outcomes.return();
    expect(seen.pulled).toBe(4);
  });

  it.each([
    ['stream', { concurrency: 2, downloads: 1 }, 2 * 2 + 1],
    ['sequential', {}, 1],
    ['parallel', { concurrency: 4 }, 4],
    ['waves', { concurrency: 4 }, 4],
    ['queue', { concurrency: 4 }, 4],
  ] as const)('holds back %s', async (strategy, fields, atMost) => {
    const { plans, seen } = counted(100);
    const outcomes = generateStream(plans, runOf({ strategy, ...fields }).config);
    await outcomes.next();
    await rest();
    expect(seen.pulled).toBe(atMost);
    await outcomes.return();
  });

  it('takes its time in virtual time too: a job begins when one is taken', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { plans, seen } = counted(6);
    const provider = succeeding({ tookMs: 10, scheduler });
    const { config } = withSlots(2, { provider, scheduler });
    const outcomes = generateStream(plans, config);
    const pulledAt: string[] = [];
    const consumed = (async () => {
      for await (const { index } of outcomes) {
        pulledAt.push(`${index} at ${scheduler.now()}: ${seen.pulled} pulled`);
        await new Promise<void>((resolve) => {
          scheduler.schedule(() => resolve(), 100);
        });
      }
    })();
    await passVirtualTime(scheduler);
    await consumed;
    expect(pulledAt).toEqual([
      '0 at 10: 2 pulled',
      '1 at 110: 3 pulled',
      '2 at 210: 4 pulled',
      '3 at 310: 5 pulled',
      '4 at 410: 6 pulled',
      '5 at 510: 6 pulled',
    ]);
  });
});

describe('leaving', () => {
  it('begins nothing more, finishes and saves jobs in flight, and only then continues', async () => {
    const { plans, seen } = counted(20);
    const { config, kept } = withSlots(3);
    const released = new Subject<never>();
    const downloader: Downloader = {
      // The first is there at once, the others at a signal of the test.
      download: (url, target) =>
        concat(target.stem.endsWith('0000') ? EMPTY : released, config.downloader.download(url, target)),
    };
    let isOut = false;
    const loop = (async () => {
      for await (const { index } of generateStream(plans, { ...config, downloader })) {
        expect(index).toBe(0);
        await rest();
        break;
      }
      isOut = true;
    })();
    await rest();
    await rest();
    expect({ isOut, kept: kept.length, ...seen }).toEqual({ isOut: false, kept: 1, pulled: 3 });
    released.complete();
    await loop;
    expect(kept.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(seen.pulled).toBe(3);
  });

  it('by an error of the loop does so too, and the error is passed on', async () => {
    const { config, kept } = withSlots(2);
    const loop = async () => {
      for await (const { index } of generateStream(counted(9).plans, config)) {
        await rest();
        throw new Error(`loop ${index}`);
      }
    };
    await expect(loop()).rejects.toThrow('loop 0');
    expect(kept).toHaveLength(2);
  });

  it('before the first outcome was asked for begins nothing', async () => {
    const { plans, seen } = counted(9);
    const outcomes = generateStream(plans, runOf().config);
    await outcomes.return();
    expect(seen.pulled).toBe(0);
  });
});

describe('the end', () => {
  it('comes early if the run is stopped', async () => {
    const stop = new Subject<void>();
    const { plans, seen } = counted(50);
    const indexes: number[] = [];
    for await (const { index } of generateStream(plans, withSlots(2, { stop }).config)) {
      indexes.push(index);
      await rest();
      if (index === 3) stop.next();
    }
    expect(indexes).toEqual([0, 1, 2, 3, 4]);
    expect(seen.pulled).toBe(5);
  });

  it('throws the error that stopped the run, after the outcomes before it', async () => {
    const good = succeeding();
    const noCredit = new ProviderError('ERR_NO_CREDIT', 'no credit', { status: 402, stopsRun: true });
    const provider = {
      ...good,
      createPrediction: (...[request, options]: Parameters<typeof good.createPrediction>) =>
        defer(() => {
          if (request.input.seed === 2) throw noCredit;
          return good.createPrediction(request, options);
        }),
    };
    const indexes: number[] = [];
    const loop = async () => {
      for await (const { index } of generateStream(counted(9).plans, withSlots(3, { provider }).config)) {
        indexes.push(index);
        await rest();
      }
    };
    await expect(loop()).rejects.toBe(noCredit);
    expect(indexes).toEqual([0, 1]);
  });

  it('throws the refusal of the disk at once, before waiting outcomes', async () => {
    const full = new StorageError('ERR_DISK_FULL', 'full');
    const { config } = withSlots(3, {
      persist: ({ index }) =>
        defer(() => {
          if (index === 2) throw full;
          return of(null).pipe(delay(index));
        }),
    });
    const indexes: number[] = [];
    const loop = async () => {
      for await (const { index } of generateStream(counted(9).plans, config)) indexes.push(index);
    };
    await expect(loop()).rejects.toBe(full);
    expect(indexes.length).toBeLessThan(3);
  });
});
