import { runWorld } from '../world/runWorld.ts';
import type { WorldConfig } from '../world/worldConfig.ts';
import { type CutState, type Scene, uncutWorld, worldOfState } from './cutWorld.ts';

/** Yields the worlds of states, once it is known how long the runs are that are cut. */
export async function* worldsOfStates(states: readonly CutState[]): AsyncGenerator<WorldConfig> {
  const lengths = new Map<Scene, number>();
  for (const state of states) {
    const { scene } = state;
    const contacts = lengths.get(scene) ?? (await contactsOf(scene));
    lengths.set(scene, contacts);
    yield worldOfState(state, contacts);
  }
}

async function contactsOf(scene: Scene): Promise<number> {
  const world = uncutWorld(scene);
  const { contactsOf: contacts, problems } = await runWorld(world);
  if (problems.length > 0) throw new Error(`Without a power cut, ${scene}: ${problems.join('; ')}`);
  return contacts[world.crashes - 1] ?? 0;
}
