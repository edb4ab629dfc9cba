import type { SimulatorFaults } from '../../src/simulator/index.ts';
import type { KillPlan, Moment } from './planKill.ts';
import type { GenerateRun } from './startGenerate.ts';

/** Sees what a run does through the eyes of the simulator, and kills it at the planned moment. */
export interface Watch {
  /** The same faults, with the watch looking on. */
  over(faults: SimulatorFaults): SimulatorFaults;
  /** Resolves with the exit code, or why there is none. A null plan lets it run. */
  endOf(run: GenerateRun, plan: KillPlan | null): Promise<number | 'killed' | 'hung'>;
}

/** No run takes as long unless it hangs. */
const LONGEST_RUN_MS = 60_000;

export function createWatch(): Watch {
  let see = (_moment: Moment) => {};
  return {
    over: (faults) => ({
      ...faults,
      beforeCreate: (wanted) => {
        see('beforeCreate');
        return faults.beforeCreate?.(wanted) ?? null;
      },
      afterCreate: (prediction) => {
        see('afterCreate');
        return faults.afterCreate?.(prediction) ?? null;
      },
      onGet: (prediction) => {
        see('ask');
        return faults.onGet?.(prediction) ?? null;
      },
      onList: () => {
        see('ask');
        return faults.onList?.() ?? null;
      },
      onFile: (prediction, place) => {
        see('file');
        return faults.onFile?.(prediction, place) ?? null;
      },
    }),
    async endOf(run, plan) {
      let isHung = false;
      const hung = () => {
        isHung = true;
        run.kill();
      };
      const timers = [setTimeout(hung, LONGEST_RUN_MS)];
      let left = plan?.count ?? 0;
      see = (moment) => {
        if (plan === null || !plan.moments.includes(moment)) return;
        left -= 1;
        if (left !== 0) return;
        // At once, before the simulator goes on: a timer of 0 ms would let an answer out first.
        if (plan.delayMs === 0) run.kill();
        else timers.push(setTimeout(() => run.kill(), plan.delayMs));
      };
      see('start');
      const code = await run.ended;
      see = () => {};
      for (const timer of timers) clearTimeout(timer);
      if (isHung) return 'hung';
      return code ?? 'killed';
    },
  };
}
