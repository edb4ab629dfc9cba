import { createHash } from 'node:crypto';

/** A part of a run that waits for a worker. */
export interface PartTask {
  readonly run: number;
  readonly part: number;
  /** How often the part was taken before: a part that comes back is another task. */
  readonly epoch: number;
  /** True if its last owner gave it back; absent: it is new, or that one has died. */
  readonly isGivenBack?: boolean;
}

/** `parts` wait for free hands; a `rescue` has jobs that are in flight, and is done at once. */
export type QueueName = 'parts' | 'rescue';

/** Time without a sign of life after which the tasks of a worker go to others. */
export const HEARTBEAT_S = 20;

const DAY_S = 86_400;
const kept = {
  // The most that the engine allows: its work is bounded by heartbeats.
  expireInSeconds: DAY_S - 1,
  retentionSeconds: 365 * DAY_S,
  deleteAfterSeconds: DAY_S,
} as const;

/** The queues, in the order in which they are made. */
export const queues = [
  // A rescue that is lost is a rescue again.
  ['rescue', { ...kept, retryLimit: 1_000_000, retryDelay: 0 }],
  ['parts', { ...kept, retryLimit: 0, deadLetter: 'rescue' }],
] as const satisfies readonly (readonly [QueueName, object])[];

/**
 * Returns the task of a part that waits in a queue. In `rescue` it was given back: a worker that
 * dies is not asked.
 */
export function waitingTask(
  queue: QueueName,
  { run, part, epoch }: Pick<PartTask, 'run' | 'part' | 'epoch'>,
): PartTask {
  return { run, part, epoch, ...(queue === 'rescue' && { isGivenBack: true }) };
}

/** Returns the id of a task, a UUID: the same task is sent once, however often it is tried. */
export function taskId(queue: QueueName, { run, part, epoch }: PartTask): string {
  const hash = createHash('sha256').update(`${queue}/${run}/${part}/${epoch}`).digest('hex');
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    hash.slice(12, 16),
    hash.slice(16, 20),
    hash.slice(20, 32),
  ].join('-');
}
