import type { FleetStatus, StuckStatus } from './readStatus.ts';

/** Something that does not continue by itself, for people. */
export interface Finding {
  readonly why: StuckStatus['why'] | 'workers' | 'closed';
  /** Name of the run; null: it concerns all of them. */
  readonly run: string | null;
  /** Index of the job; null: it concerns more than one. */
  readonly job: number | null;
  readonly predictionId: string | null;
  readonly text: string;
  readonly suggestion: string;
}

/** Formats a time, such as `47m 10s`. */
type FormatMs = (ms: number) => string;

const AGAIN = 'Remove the cause, then run the command that began it again.';

/**
 * Lists the stuck items of a fleet with their reasons, the most general first; empty if there are
 * none.
 */
export function findStuck(status: FleetStatus, formatMs: FormatMs): Finding[] {
  return [...ofWorkers(status, formatMs), ...ofService(status, formatMs), ...ofJobs(status, formatMs)];
}

function ofWorkers({ atMs, runs, workers }: FleetStatus, formatMs: FormatMs): Finding[] {
  const waiting = runs
    .filter(({ state }) => state === 'running')
    .reduce((parts, { partsWaiting, partsTaken }) => parts + partsWaiting + partsTaken, 0);
  // Without the engine's list nothing is known of them.
  const isAlone = waiting > 0 && workers.every(({ isLive }) => isLive === false);
  const alone = {
    ...about('workers'),
    text: `No worker is alive, and ${parts(waiting)} wait.`,
    suggestion: 'Start one with `rxposure worker`.',
  };
  const dead = workers
    .filter((worker) => worker.isLive === false && worker.parts > 0)
    .map(({ name, heardAtMs, parts: held }) => ({
      ...about('workers'),
      text: `Worker ${name} was last heard of ${formatMs(atMs - (heardAtMs ?? atMs))} ago; it had ${parts(held)}.`,
      suggestion: 'Nothing to do while others are alive: they take over.',
    }));
  return isAlone ? [alone, ...dead] : dead;
}

function ofService({ account, atMs }: FleetStatus, formatMs: FormatMs): Finding[] {
  const untilMs = account?.closedUntilMs ?? null;
  if (untilMs === null) return [];
  const text = `The service refuses create requests for ${formatMs(untilMs - atMs)} more.`;
  return [{ ...about('closed'), text, suggestion: 'Nothing to do: the pace adapts.' }];
}

function ofJobs({ atMs, runs, stuck }: FleetStatus, formatMs: FormatMs): Finding[] {
  const names = new Map(runs.map(({ run, name }) => [run, name]));
  return stuck.map((one) => {
    const name = names.get(one.run) ?? `run ${one.run}`;
    const own = { ...about(one.why), run: name, job: one.job, predictionId: one.predictionId };
    const subject = one.job === null ? name : `${name} #${one.job + 1}`;
    return { ...own, ...words(one, subject, formatMs(atMs - one.sinceMs)) };
  });
}

function words(
  { why, part, predictionId, detail, owner }: StuckStatus,
  subject: string,
  age: string,
): Pick<Finding, 'text' | 'suggestion'> {
  const whose = owner === null ? 'No worker has its part.' : `Its part is with ${owner}.`;
  switch (why) {
    case 'output':
      return {
        text: `${subject}: prediction ${predictionId} has been open for ${age}. The service deletes outputs an hour after they are made.`,
        suggestion: `${whose} See that the worker is alive, and that its network and disk are.`,
      };
    case 'lost':
      return {
        text: `${subject}: a create request of ${age} ago has no response, and no prediction of it was found.`,
        suggestion: `${whose} Its money stays reserved; nothing is sent again without a proof.`,
      };
    case 'deaths':
      return {
        text: `${subject}, part ${(part ?? 0) + 1}: ${detail} workers died with it.`,
        suggestion: 'Its jobs run one at a time now, so that the one to blame is found.',
      };
    case 'refused':
      return {
        text: `${subject}, part ${(part ?? 0) + 1}: workers leave it to others: ${detail ?? 'without a reason'}`,
        suggestion: 'Remove the cause: they try it again every 30 s.',
      };
    case 'paused':
      return { text: `${subject} is paused: ${detail ?? 'without a reason'}`, suggestion: AGAIN };
    case 'loading':
      return {
        text: `${subject} is not loaded to its end, ${age} after its command began.`,
        suggestion: 'Run the command that began it again: it continues loading.',
      };
  }
}

function about(why: Finding['why']): Pick<Finding, 'why' | 'run' | 'job' | 'predictionId'> {
  return { why, run: null, job: null, predictionId: null };
}

function parts(count: number): string {
  return count === 1 ? '1 part' : `${count} parts`;
}
