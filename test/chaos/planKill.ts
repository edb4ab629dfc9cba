import type { Random } from '../../src/simulator/engine/random.ts';

/** What the simulator sees of a run, and its start. */
export type Moment = 'start' | 'beforeCreate' | 'afterCreate' | 'ask' | 'file';

/** When a run is killed. */
export interface KillPlan {
  readonly moments: readonly Moment[];
  /** Which of these moments, 1-based. */
  readonly count: number;
  /** This long after it. */
  readonly delayMs: number;
}

/** About as long as a run takes to load its code, open its folder and ask for the model. */
const START_MS = 1_000;

/**
 * Where the next run is killed. Every stretch of a job's way is among it: before the first create,
 * with a create on its way there (it takes effect all the same), between its effect and its answer,
 * while its answer is written down, while its files are fetched, renamed and rendered, while a lost
 * create is looked up, and while the last job and the manifest are written (`openJobs` is how many
 * are left).
 */
export function planKill(random: Random, openJobs: number): KillPlan {
  const some = 1 + Math.floor(random.next() * Math.min(5, Math.max(1, openJobs)));
  const last = Math.min(8, Math.max(1, openJobs));
  const plans: readonly [KillPlan, ...KillPlan[]] = [
    { moments: ['start'], count: 1, delayMs: random.between(0, START_MS) },
    { moments: ['beforeCreate'], count: some, delayMs: 0 },
    { moments: ['afterCreate'], count: some, delayMs: 0 },
    { moments: ['afterCreate'], count: some, delayMs: random.between(0, 400) },
    { moments: ['file'], count: some, delayMs: 0 },
    { moments: ['file'], count: some, delayMs: random.between(0, 30) },
    { moments: ['file'], count: last, delayMs: random.between(0, 80) },
    { moments: ['ask', 'file'], count: some, delayMs: random.between(0, 30) },
  ];
  return random.pick(plans);
}
