import type { Random } from '../../src/simulator/engine/random.ts';

/** The moments of a run that the simulator sees, and its start. */
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
 * Draws the moment of the next kill, out of all parts of a job: before the first create request,
 * with one on its way there (it still takes effect), between its effect and its response, while its
 * response is recorded, while its files are fetched, renamed and rendered, while a lost create
 * request is looked up, and while the last job and the manifest are written (`openJobs` is the
 * number of jobs that are left).
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
