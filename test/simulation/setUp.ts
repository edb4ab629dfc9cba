import { registerHooks } from 'node:module';
import { patchDatabase } from './disk/database.ts';
import { mountDisks } from './disk/mount.ts';
import { mutants } from './mutants/mutants.ts';
import { loadMutant } from './mutants/mutate.ts';
import { patchTime } from './world/patchTime.ts';

/**
 * Turns this process into a simulated machine: its disk, database, clocks and timers, the HTTP
 * client that downloads outputs, and their decoder. Imported before any module of the project.
 */
mountDisks();
patchDatabase();
patchTime();
// Memory of images that a crashed process held is never given back.
process.env.RXPOSURE_IMAGE_MB = '1000000000';
const own: Readonly<Record<string, string>> = {
  got: new URL('service/fileHost.ts', import.meta.url).href,
  sharp: new URL('disk/pictureLibrary.ts', import.meta.url).href,
};
registerHooks({
  resolve: (specifier, context, next) => {
    const replacement = own[specifier];
    return next(replacement === context.parentURL ? specifier : (replacement ?? specifier), context);
  },
});

const mutant = mutants[process.env.SIMULATED_MUTANT ?? ''];
if (mutant !== undefined) loadMutant(mutant);
