import type { SimulatorConfig } from '../engine/config.ts';
import type { SimulatorFaults, WantedPrediction } from '../engine/faults.ts';
import { createRandom, type Random } from '../engine/random.ts';
import type { SimulatedPrediction } from '../engine/simulatedPrediction.ts';
import { type Hazard, hazards } from './hazards.ts';
import { type ChaosProfile, type ChaosProfileName, chaosProfiles, type HazardName } from './profiles.ts';

/** The seed, the speed and the listener of a profile. */
export interface ChaosProfileConfig {
  /**
   * Together with the content of a request, it decides which requests and files fail. Default 1.
   */
  seed?: number;
  /**
   * The simulator's `speed`: divides the waits that refusals name and the time of slow downloads.
   * Default 1.
   */
  speed?: number;
  /** Called with the name of each hazard that strikes. Default: no-op. */
  onStrike?: (name: HazardName) => void;
}

/**
 * Creates the part of a simulator's config that makes a profile. Use it for one simulator only: it
 * remembers which requests it has struck.
 *
 * Example: `startSimulator({ speed, ...chaosProfile('storm', { speed }) })`.
 *
 * The same requests are struck in any order of arrival. Each is struck once and succeeds on the
 * next try, with two exceptions: safety refusals are permanent, and a fresh prediction is not found
 * twice. Calls of the list are all alike, so they are struck by their number, and never twice in a
 * row.
 *
 * Throws a RangeError if no profile has that name.
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
  const hazardDraw = createHazardDraw(seed, shares);
  const keyOf = createKeys();
  const gone = new WeakSet<object>();
  let lists = 0;

  const strike = <At extends Hazard['at']>(at: At, key: string): Strike<At> | null => {
    const met = hazardDraw.draw(at, key);
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
    onFile: (prediction, index) => {
      const met = strike('onFile', `${keyOf.made(prediction)}/${index}`);
      // From now on the responses of the API do not show the missing file either.
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

/**
 * Identifies requests by their model and input. Stores the key of a prediction, because the input
 * is removed later.
 */
function createKeys() {
  const stored = new WeakMap<object, string>();
  const keyFor = (model: string, input: WantedPrediction['input']) => JSON.stringify([model, input]);
  return {
    wanted: ({ model, input }: WantedPrediction) => keyFor(model, input),
    made(prediction: Readonly<SimulatedPrediction>): string {
      const key = stored.get(prediction) ?? keyFor(prediction.model.name, prediction.input);
      stored.set(prediction, key);
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

/** Decides which hazard strikes a call. */
interface HazardDraw {
  /** Returns the hazard that strikes the call with this key at this point; null if none does. */
  draw<At extends Hazard['at']>(at: At, key: string): Strike<At> | null;
}

/**
 * Draws by the seed and the key alone, so that the order in which calls arrive changes nothing. A
 * call that has been struck as often as its hazard strikes succeeds from then on.
 */
function createHazardDraw(seed: number, shares: ChaosProfile['shares']): HazardDraw {
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
    draw<At extends Hazard['at']>(at: At, key: string): Strike<At> | null {
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

/**
 * Returns the scene of a hazard. A key is drawn once per scene: a create request before and after
 * it takes effect, a file before and after the request for it.
 */
function sceneOf(at: Hazard['at']): string {
  if (at === 'beforeCreate' || at === 'afterCreate') return 'create';
  return at === 'lifetimeMs' || at === 'onFile' ? 'file' : at;
}

function isAt<At extends Hazard['at']>(hazard: Hazard, at: At): hazard is Extract<Hazard, { at: At }> {
  return hazard.at === at;
}
