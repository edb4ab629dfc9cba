import type { SimulatedPrediction, SimulatorFaults } from '../../src/simulator/index.ts';
import type { KillPlan, Moment } from './planKill.ts';
import type { GenerateRun } from './startGenerate.ts';

/** Watches a run from the simulator, and kills it at the planned moment. */
export interface Watch {
  /** The same faults, with the watch looking on. */
  over(faults: SimulatorFaults): SimulatorFaults;
  /** Resolves with the exit code, or why there is none. A null plan lets it run. */
  endOf(run: GenerateRun, plan: KillPlan | null): Promise<number | 'killed' | 'hung'>;
  /** Returns the predictions that have ended. */
  made(): readonly Readonly<SimulatedPrediction>[];
  /** Counts the create requests that a proxy has repeated. */
  repeated(): number;
}

/** No run takes as long unless it hangs. */
const LONGEST_RUN_MS = 60_000;

export function createWatch(): Watch {
  let see = (_moment: Moment) => {};
  const made: Readonly<SimulatedPrediction>[] = [];
  let repeated = 0;
  return {
    made: () => made,
    repeated: () => repeated,
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
      isRepeated: (prediction) => {
        const isRepeated = faults.isRepeated?.(prediction) ?? false;
        if (isRepeated) repeated += 1;
        return isRepeated;
      },
      onOutcome: (prediction) => {
        made.push(prediction);
        return faults.onOutcome?.(prediction) ?? null;
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
        // At once, before the simulator continues: a timer of 0 ms would let a response out first.
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
