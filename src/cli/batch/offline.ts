import { join } from 'node:path';
import { catchError, defer, map, of } from 'rxjs';
import { isNotFound } from '../../base/service.ts';
import type { ModelCache, Provider } from '../../ports.ts';
import { createReplicateProvider } from '../../providers/replicate/replicateProvider.ts';
import { createModelCache } from '../../store/modelCache.ts';
import type { Model } from '../../types.ts';
import type { Warn } from '../script/environment.ts';

interface OfflineConfig {
  /** The folder that caches models between runs; null for no cache. */
  readonly cacheFolder: string | null;
  readonly warn: Warn;
}

/**
 * Creates a provider that knows models without asking Replicate: as an earlier run has cached them,
 * however long ago, else as the simulator plays them, else by name alone. `baseUrl` and `token` are
 * those of the simulator. Warns about each model that it cannot check.
 */
export function createOfflineProvider(
  simulator: { readonly token: string; readonly baseUrl: string },
  { cacheFolder, warn }: OfflineConfig,
): Provider {
  // The folder of the run is that of the service.
  const service = { ...simulator, service: 'replicate' };
  const played = createReplicateProvider(service);
  const cached = createReplicateProvider({
    ...service,
    ...(cacheFolder === null ? {} : { modelCache: everCurrent(cacheFolder) }),
  });
  const warned = new Set<string>();
  const warnOnce = (message: string) => {
    if (!warned.has(message)) warn(message);
    warned.add(message);
  };
  return {
    ...played,
    getModel: (name, version) =>
      cached.getModel(name, version).pipe(
        catchError((error: unknown) => (isNotFound(error) ? played.getModel(name, null) : raise(error))),
        catchError((error: unknown) => {
          if (!isNotFound(error)) throw error;
          warnOnce(`The inputs of ${name} are not checked, and nor is its name: that needs a token.`);
          return of<Model>({ name, latestVersion: null, isOfficial: null, schema: null });
        }),
      ),
  };
}

function raise(error: unknown): never {
  throw error;
}

/** Returns the models that earlier runs have cached, as if they had been asked for just now. */
function everCurrent(cacheFolder: string): ModelCache {
  const cache = createModelCache({ folder: join(cacheFolder, 'models'), baseUrl: 'replicate' });
  return {
    read: (model, version) =>
      defer(() => cache.read(model, version)).pipe(
        map((kept) => (kept === null ? null : { ...kept, savedAtMs: Date.now() })),
      ),
    // The simulator's schemas are not Replicate's.
    write: () => of(undefined),
    forget: () => of(undefined),
  };
}
