import { setTimeout as delay } from 'node:timers/promises';
import { startFleet } from './fleet.ts';
import type { Ground } from './ground.ts';

/** The images that some workers made, a second. */
export interface ImageRate {
  readonly workers: number;
  /** Create requests of the account a minute. */
  readonly perMinute: number;
  readonly imagesPerS: number;
}

export interface ImageRateConfig {
  workers: number;
  perMinute: number;
  /** The encoder of each worker sleeps for so long with an image, one at a time. */
  sleepMs: number;
  /** Time after all workers have images to encode, in which they encode the first burst. */
  settleMs: number;
  /** Time that counts after that. */
  forMs: number;
}

/** Measures images a second of workers whose encoder is a sleep, while none runs out of work. */
export async function imageRate(
  ground: Ground,
  { workers, perMinute, sleepMs, settleMs, forMs }: ImageRateConfig,
): Promise<ImageRate> {
  const fleet = await startFleet(ground, {
    ...{ workers, perMinute, slots: 50, prompts: 5_000 },
    ...{ script: '../bench/fleet/sleepyWorker.ts', flags: [`${sleepMs}`] },
  });
  try {
    const busy = "SELECT count(DISTINCT owner) AS busy FROM rx.part WHERE state = 'taken'";
    while (Number((await fleet.query(busy))[0]?.busy) < workers || (await fleet.saved()) < 2 * workers) {
      await delay(100);
    }
    await delay(settleMs);
    const [startedMs, before] = [performance.now(), await fleet.saved()];
    await delay(forMs);
    const after = await fleet.saved();
    const imagesPerS = (1_000 * (after - before)) / (performance.now() - startedMs);
    return { workers, perMinute, imagesPerS };
  } finally {
    await fleet.close();
  }
}
