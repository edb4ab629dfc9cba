import type { Model } from '../types.ts';

/** Knows by which of the two routes a model is run: official ones by name, others by version. */
export interface ModelRoutes {
  /** Takes what the service says about a model. */
  learn(model: Model): void;
  /** The route by name did not know the model: gives the version to run instead, null where none is known. */
  learnRefusal(name: string): string | null;
  /** The version to run a model by, null for the route by name. */
  versionToRun(name: string): string | null;
}

/** Routes of which nothing is known yet: every model is tried by name. */
export function createModelRoutes(): ModelRoutes {
  const known = new Map<string, Model>();
  const refused = new Set<string>();
  return {
    learn: (model) => known.set(model.name, model),
    learnRefusal(name) {
      const model = known.get(name);
      // An official model has no other route, so its 404 is an answer like any other.
      if (model === undefined || model.isOfficial === true) return null;
      refused.add(name);
      return model.latestVersion;
    },
    versionToRun(name) {
      const model = known.get(name);
      const runsByName = model === undefined || (model.isOfficial !== false && !refused.has(name));
      return runsByName ? null : model.latestVersion;
    },
  };
}
