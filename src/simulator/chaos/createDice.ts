import { createRandom, type Random } from '../createRandom.ts';
import type { ChaosProfile, HazardName } from './chaosProfiles.ts';
import { type Hazard, hazards } from './hazards.ts';

/** A hazard that strikes a call. */
export type Strike<At extends Hazard['at']> = {
  readonly name: HazardName;
  readonly hazard: Extract<Hazard, { at: At }>;
  readonly random: Random;
};

/** Decides what is struck by which hazard. */
export interface Dice {
  /** What strikes the thing that the key tells, at this point of its way; null where all goes well. */
  roll<At extends Hazard['at']>(at: At, key: string): Strike<At> | null;
}

/**
 * Dice that fall by the seed and the key alone, so that the order in which calls arrive changes nothing. What has been
 * struck as often as its hazard strikes is let through from then on.
 */
export function createDice(seed: number, shares: ChaosProfile['shares']): Dice {
  const struck = new Map<string, number>();
  const stakes = Object.entries(shares).map(([name, share]) => {
    const known = name as HazardName;
    const hazard: Hazard = hazards[known];
    return { name: known, hazard, share };
  });

  const pick = (scene: string, random: Random) => {
    let left = random.next();
    for (const stake of stakes) {
      if (sceneOf(stake.hazard.at) !== scene) continue;
      if (left < stake.share) return stake;
      left -= stake.share;
    }
    return null;
  };
  return {
    roll<At extends Hazard['at']>(at: At, key: string): Strike<At> | null {
      const scene = sceneOf(at);
      const random = createRandom(`${seed}/${scene}/${key}`);
      const stake = pick(scene, random);
      if (stake === null || !isAt(stake.hazard, at)) return null;
      const { name, hazard } = stake;
      const times = struck.get(`${name}/${key}`) ?? 0;
      if (times >= (hazard.times ?? 1)) return null;
      struck.set(`${name}/${key}`, times + 1);
      return { name, hazard, random };
    },
  };
}

/** What is one thing has one roll: a create, before and after it took effect; a file, before and after it is asked for. */
function sceneOf(at: Hazard['at']): string {
  if (at === 'beforeCreate' || at === 'afterCreate') return 'create';
  return at === 'lifetimeMs' || at === 'onFile' ? 'file' : at;
}

function isAt<At extends Hazard['at']>(hazard: Hazard, at: At): hazard is Extract<Hazard, { at: At }> {
  return hazard.at === at;
}
