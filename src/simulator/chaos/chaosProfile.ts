import type { SimulatorConfig } from '../engine/config.ts';
import type { SimulatorFaults, WantedPrediction } from '../engine/faults.ts';
import { createRandom, type Random } from '../engine/random.ts';
import type { SimulatedPrediction } from '../engine/simulatedPrediction.ts';
import { type Hazard, hazards } from './hazards.ts';
import { type ChaosProfile, type ChaosProfileName, chaosProfiles, type HazardName } from './profiles.ts';

export interface ChaosProfileConfig {
  /** Which requests and files are struck follows from it and from what they ask for. Default 1. */
  seed?: number;
  /** The simulator's own: divides the waits that refusals name and the time of slow downloads. Default 1. */
  speed?: number;
  /** Told of everything that goes wrong, by its name in the profile. */
  onStrike?: (name: HazardName) => void;
}

/**
 * The part of a simulator's config that makes a profile: `startSimulator({ speed, ...chaosProfile('storm', { speed }) })`.
 * For one simulator only: it remembers what has been struck.
 *
 * The same requests are struck whatever the order in which they arrive. Each is struck once and goes well on the next
 * try, but for safety refusals, which stay. Only the list of predictions, which asks for nothing in particular, is
 * struck by the number of the call, and never twice in a row.
 *
 * Throws a RangeError where there is no profile of that name.
 */
export function chaosProfile(
  name: ChaosProfileName,
  config: ChaosProfileConfig = {},
): Pick<SimulatorConfig, 'createPerMinute' | 'createBurst' | 'creditUsd' | 'faults'> {
  if (!Object.hasOwn(chaosProfiles, name)) {
    throw new RangeError(`Expected one of ${Object.keys(chaosProfiles).join(', ')}, got ${name}`);
  }
  const { summary: _, shares, ...limits } = chaosProfiles[name];
  const { seed = 1, speed = 1, onStrike = () => {} } = config;
  const dice = createHazardDraw(seed, shares);
  const keyOf = createKeys();
  const gone = new WeakSet<object>();
  let lists = 0;

  const strike = <At extends Hazard['at']>(at: At, key: string): Strike<At> | null => {
    const met = dice.roll(at, key);
    if (met !== null) onStrike(met.name);
    return met;
  };
  const faultAt = (at: 'beforeCreate' | 'afterCreate' | 'onGet' | 'onList', key: string) => {
    const met = strike(at, key);
    return met === null ? null : met.hazard.fault({ speed, random: met.random });
  };
  const faults: SimulatorFaults = {
    beforeCreate: (wanted) => faultAt('beforeCreate', keyOf.wanted(wanted)),
    afterCreate: (prediction) => faultAt('afterCreate', keyOf.made(prediction)),
    onGet: (prediction) => faultAt('onGet', keyOf.made(prediction)),
    onList: () => {
      lists += 1;
      return lists % 2 === 1 ? faultAt('onList', String(lists)) : null;
    },
    onFile: (prediction, place) => {
      const met = strike('onFile', `${keyOf.made(prediction)}/${place}`);
      // What is not found any more is not in the answers either from then on.
      if (met?.name === 'goneFile') gone.add(prediction);
      return met === null ? null : met.hazard.fault({ speed, random: met.random });
    },
    onWebhook: (prediction, event) => {
      const met = strike('onWebhook', `${keyOf.made(prediction)}/${event}`);
      return met === null ? null : met.hazard.fault({ speed, random: met.random });
    },
    onOutcome: (prediction) => {
      const met = strike('onOutcome', keyOf.made(prediction));
      if (met !== null) return met.hazard.fault({ speed, random: met.random });
      if (strike('lifetimeMs', `${keyOf.made(prediction)}/0`) !== null) gone.add(prediction);
      return null;
    },
    lifetimeMs: (prediction) => (gone.has(prediction) ? 0 : null),
  };
  return { ...limits, faults };
}

/** What tells a request: its model and its input. A prediction loses its input some day, so its key is kept. */
function createKeys() {
  const kept = new WeakMap<object, string>();
  const keyFor = (model: string, input: WantedPrediction['input']) => JSON.stringify([model, input]);
  return {
    wanted: ({ model, input }: WantedPrediction) => keyFor(model, input),
    made(prediction: Readonly<SimulatedPrediction>): string {
      const key = kept.get(prediction) ?? keyFor(prediction.model.name, prediction.input);
      kept.set(prediction, key);
      return key;
    },
  };
}

/** A hazard that strikes a call. */
type Strike<At extends Hazard['at']> = {
  readonly name: HazardName;
  readonly hazard: Extract<Hazard, { at: At }>;
  readonly random: Random;
};

/** Decides what is struck by which hazard. */
interface Dice {
  /** What strikes the thing that the key tells, at this point of its way; null where all goes well. */
  roll<At extends Hazard['at']>(at: At, key: string): Strike<At> | null;
}

/**
 * Dice that fall by the seed and the key alone, so that the order in which calls arrive changes nothing. What has been
 * struck as often as its hazard strikes is let through from then on.
 */
function createHazardDraw(seed: number, shares: ChaosProfile['shares']): Dice {
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
