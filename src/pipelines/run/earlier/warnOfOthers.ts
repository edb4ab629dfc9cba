import { storedPlans } from '../../../sinks/manifest/storedPlans.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun } from '../settings.ts';

/**
 * Warns of the jobs of a folder that are none of these plans and need another command: those that
 * an earlier run has left to the service, begun and not ended, or never started.
 */
export async function warnOfOthers(
  plans: PlanSource,
  run: Pick<OpenRun, 'config' | 'journal'>,
): Promise<void> {
  const { config, journal } = run;
  const open = new Set(journal.openIndexes());
  if (open.size > 0) for await (const { index } of plans()) open.delete(index);
  const left = open.size === 0 ? 0 : await takeLeft(open, run);
  const messages = [
    left > 0 &&
      `${those(left)} left to the service: \`rxposure collect\` (\`runCollect\` in code) saves the images.`,
    open.size > 0 &&
      `${those(open.size)} unfinished, because a run was killed or stopped: run its command again, which pays for none of them twice.`,
    neverStarted(run),
  ];
  for (const message of messages) if (message !== false) config.emit?.({ type: 'warning', message });
}

/** Takes the jobs that `collect` gathers out of a set; returns their number. */
async function takeLeft(open: Set<number>, { config, journal }: Pick<OpenRun, 'config' | 'journal'>) {
  let left = 0;
  for await (const { index, key } of storedPlans(config.folder, 'detached').read()) {
    if (journal.find(index)?.key === key && open.delete(index)) left += 1;
  }
  return left;
}

function neverStarted({ journal }: Pick<OpenRun, 'journal'>): string | false {
  const { saved, failed, skipped, unfinished } = journal.counts();
  const jobs = (journal.input()?.total ?? 0) - saved - failed - skipped - unfinished;
  if (jobs <= 0) return false;
  return jobs === 1
    ? '1 job of this folder was never started: run its command again to make it.'
    : `${jobs} jobs of this folder were never started: run its command again to make them.`;
}

function those(jobs: number): string {
  return jobs === 1 ? '1 other job of this folder is' : `${jobs} other jobs of this folder are`;
}
