import { drawStates } from '../powercut/drawStates.ts';
import { runWorkers } from '../report.ts';
import { mutants } from './mutants.ts';

/** Returns true if a mutant fails the world of its seed, or the state, that it is known to fail. */
export async function findsMutant(name: string): Promise<boolean> {
  const { seed = 1, crashes, state } = mutants[name] ?? {};
  const world = state === undefined ? { first: seed, count: 1, crashes } : { states: drawStates(1, state) };
  const { failures } = await runWorkers({ mutant: name, shrinks: 0, ...world });
  return failures.length > 0;
}
