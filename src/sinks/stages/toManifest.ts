import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type MonoTypeOperatorFunction, map, type SchedulerLike } from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { UsageError } from '../../errors.ts';
import { addOutcome, noTotals } from '../../events/totals.ts';
import type { Outcome } from '../../types.ts';
import { openManifest } from '../manifest/manifest.ts';
import { type ToSinkConfig, toSink } from './toSink.ts';

/** A sink that notes times. */
export interface TimedSinkConfig extends ToSinkConfig {
  /** Clock of the times. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Appends each outcome to `manifest.jsonl` in a folder and emits it once its line is flushed; at
 * the end writes `manifest.json`. If the folder has a manifest already, the lines come behind its
 * own, counted on from its last index, so that nothing in it is replaced.
 *
 * Emits `UsageError` before anything begins if the folder is that of a run, whose journal would not
 * know the outcomes. Errors otherwise as `toSink`.
 */
export function toManifest(folder: string, config: TimedSinkConfig = {}): MonoTypeOperatorFunction<Outcome> {
  const { scheduler = monotonicScheduler } = config;
  const open = async () => {
    expectNoRun(folder);
    const startedAtMs = wallNow(scheduler);
    const manifest = await openManifest(folder);
    const first = manifest.end();
    let totals = noTotals(0);
    return {
      add: (outcome: Outcome) => {
        totals = addOutcome({ ...totals, total: totals.total + 1 }, outcome);
        return manifest.append({ ...outcome, index: first + outcome.index }).pipe(map(() => outcome));
      },
      finish: () =>
        manifest.finish({
          startedAt: new Date(startedAtMs).toISOString(),
          completedAt: new Date(wallNow(scheduler)).toISOString(),
          ...totals,
        }),
      close: () => manifest.close(),
    };
  };
  return toSink('manifest', open, config);
}

function expectNoRun(folder: string): void {
  if (!existsSync(join(folder, 'run.json'))) return;
  throw new UsageError(`${folder} is the folder of a run, which keeps a journal of its images.`, {
    suggestion: 'Choose another folder, or make the images with runToFolder.',
  });
}
