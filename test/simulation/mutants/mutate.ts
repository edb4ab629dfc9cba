import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { Mutant } from './mutants.ts';

/** Returns the changed source of a mutant. Throws if the code has changed, and the mutant must too. */
export function mutated(source: string, { file, from, to }: Mutant): string {
  const parts = source.split(from);
  if (parts.length === 2) return parts.join(to);
  throw new Error(`Expected src/${file} to have ${JSON.stringify(from)} once, got ${parts.length - 1} times`);
}

/** Lets a module of the project be loaded with the change of a mutant. */
export function loadMutant(mutant: Mutant): void {
  const { href } = new URL(`../../../src/${mutant.file}`, import.meta.url);
  registerHooks({
    load: (url, context, next) =>
      url === href
        ? {
            format: 'module-typescript',
            source: mutated(readFileSync(new URL(url), 'utf8'), mutant),
            shortCircuit: true,
          }
        : next(url, context),
  });
}
