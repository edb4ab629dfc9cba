import { tap } from 'rxjs';
import type { Provider } from '../ports.ts';
import type { Caller } from './createCaller.ts';
import type { ModelMemory } from './createModelMemory.ts';
import type { ModelRoutes } from './createModelRoutes.ts';
import { parseModel } from './parseModel.ts';
import { parseModelVersion } from './parseModelVersion.ts';

/** A model by its name, or by one version of it. What a lookup by name tells, `routes` remember for the creates. */
export function createModelLookup(
  call: Caller,
  routes: ModelRoutes,
  memory: ModelMemory,
): Provider['getModel'] {
  return (name, version = null) => {
    const [owner = '', model = ''] = name.split('/').map(encodeURIComponent);
    if (version !== null) {
      return memory.recall({
        name,
        version,
        read: (answer) => parseModelVersion(answer, name),
        ask: (read) =>
          call({
            ask: (client, signal) => client.models.versions.get(owner, model, version, { signal }),
            read,
          }),
      });
    }
    return memory
      .recall({
        name,
        version,
        read: (answer) => parseModel(answer, name),
        ask: (read) => call({ ask: (client, signal) => client.models.get(owner, model, { signal }), read }),
      })
      .pipe(tap((found) => routes.learn(found)));
  };
}
