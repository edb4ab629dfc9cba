import { registerHooks } from 'node:module';
import { patchDatabase } from './disk/database.ts';
import { mountDisks } from './disk/mount.ts';
import { mutants } from './mutants/mutants.ts';
import { loadMutant } from './mutants/mutate.ts';
import { patchTime } from './world/patchTime.ts';

/**
 * Turns this process into a simulated machine: its disk, database, clocks and timers, and the HTTP
 * client that downloads outputs. Imported before anything of the project.
 */
mountDisks();
patchDatabase();
patchTime();
const fileHost = new URL('service/fileHost.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) => next(specifier === 'got' ? fileHost : specifier, context),
});

const mutant = mutants[process.env.SIMULATED_MUTANT ?? ''];
if (mutant !== undefined) loadMutant(mutant);
