import { createRandom } from '../../../src/simulator/engine/random.ts';
import type { Workload } from './workload.ts';

/** Share of create requests whose response is lost, and of those that are lost before they arrive. */
const LOST_RESPONSES = 0.3;
const LOST_REQUESTS = 0.05;
/** Time to look for lost create requests, in seconds at speed 1: the default of `--look-for`. */
const LOOK_FOR_S = 128;

/**
 * The list shows each prediction after half to all of a lag, in seconds at speed 1; 30 % of the
 * responses to create requests are lost.
 */
export function laggingList(lagS: number, speed: number): Workload {
  return {
    name: `lag ${lagS} s`,
    lookForS: LOOK_FOR_S / speed,
    simulator: ({ seed, onStrike }) => {
      let requests = 0;
      const strikes = (name: string, key: number, share: number): boolean => {
        const isStruck = createRandom(`${seed}/${name}/${key}`).next() < share;
        if (isStruck) onStrike(name);
        return isStruck;
      };
      return {
        faults: {
          beforeCreate: () => {
            requests += 1;
            return strikes('resetBeforeCreate', requests, LOST_REQUESTS) ? { type: 'reset' } : null;
          },
          afterCreate: ({ serial }) =>
            strikes('resetAfterCreate', serial, LOST_RESPONSES) ? { type: 'reset' } : null,
          listLagMs: ({ serial }) =>
            (createRandom(`${seed}/lag/${serial}`).between(0.5, 1) * lagS * 1_000) / speed,
        },
      };
    },
  };
}
