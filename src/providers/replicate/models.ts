import {
  catchError,
  concatMap,
  defer,
  filter,
  finalize,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
  Subject,
  startWith,
  take,
  tap,
  throwError,
} from 'rxjs';
import { z } from 'zod';
import { isDeployment, ownerAndName } from '../../base/modelName.ts';
import { isWithheld } from '../../base/service.ts';
import type { Provider } from '../../ports.ts';
import type { Model } from '../../types.ts';
import { parseModelSchema } from '../wire/modelSchema.ts';
import type { Caller } from './caller.ts';
import type { ModelMemory } from './modelMemory.ts';

/** Chooses the route by which a model is run: official models by name, others by version. */
export interface ModelRoutes {
  /** Stores a model as the service describes it. */
  learn(model: Model): void;
  /**
   * Notes that the route by name does not have the model; returns the version to run instead, null
   * if none is known.
   */
  learnRefusal(name: string): string | null;
  /** Returns the version to run a model by, null for the route by name. */
  versionToRun(name: string): string | null;
  /** Follows a create request by a route, a model's name or a version, to its response. */
  follow<T>(route: string): MonoTypeOperatorFunction<T>;
  /**
   * Emits true once a create request by this route was accepted, false once none is in flight that
   * may be.
   */
  hasWorked(route: string): Observable<boolean>;
}

/** Creates routes that know no model yet: each is tried by name. */
export function createModelRoutes(): ModelRoutes {
  const known = new Map<string, Model>();
  const refused = new Set<string>();
  const worked = new Set<string>();
  const inFlight = new Map<string, number>();
  const responses = new Subject<void>();
  const count = (route: string, change: number) => inFlight.set(route, (inFlight.get(route) ?? 0) + change);
  return {
    learn: (model) => known.set(model.name, model),
    learnRefusal(name) {
      const model = known.get(name);
      // An official model has no other route, so its 404 is final.
      if (model === undefined || model.isOfficial === true) return null;
      refused.add(name);
      return model.latestVersion;
    },
    versionToRun(name) {
      const model = known.get(name);
      const runsByName = model === undefined || (model.isOfficial !== false && !refused.has(name));
      return runsByName ? null : model.latestVersion;
    },
    follow: (route) => (create) =>
      defer(() => {
        count(route, 1);
        return create.pipe(
          tap(() => worked.add(route)),
          finalize(() => {
            count(route, -1);
            responses.next();
          }),
        );
      }),
    hasWorked: (route) =>
      responses.pipe(
        startWith(null),
        map(() => worked.has(route)),
        filter((isKnown) => isKnown || inFlight.get(route) === 0),
        take(1),
      ),
  };
}

/**
 * Creates `getModel`, by name or by one version. `routes` store lookups by name for later create
 * requests.
 */
export function createModelLookup(
  call: Caller,
  routes: ModelRoutes,
  memory: ModelMemory,
): Provider['getModel'] {
  return (name, version = null) => {
    if (isDeployment(name)) return deployedModel(call, memory, name);
    const [owner = '', model = ''] = ownerAndName(name).map(encodeURIComponent);
    if (version !== null) {
      return memory.recall({
        name,
        version,
        read: (body) => parseModelVersion(body, name),
        load: (read) =>
          call({
            send: (client, signal) => client.models.versions.get(owner, model, version, { signal }),
            read,
          }),
      });
    }
    return memory
      .recall({
        name,
        version,
        read: (body) => parseModel(body, name),
        load: (read) => call({ send: (client, signal) => client.models.get(owner, model, { signal }), read }),
      })
      .pipe(tap((found) => routes.learn(found)));
  };
}

/**
 * Emits the model that a deployment runs now, under the name of the deployment. Its schema is null
 * if this token may not look at it, although it may perhaps run it.
 */
function deployedModel(call: Caller, memory: ModelMemory, name: string): Observable<Model> {
  const [owner = '', deployment = ''] = ownerAndName(name).map(encodeURIComponent);
  const releaseOf = call({
    send: (client, signal) => client.deployments.get(owner, deployment, { signal }),
    read: (body) => deploymentBody.parse(body).current_release,
  });
  return memory
    .recall({
      name,
      version: null,
      read: (body) => parseModelVersion(body, name),
      load: (read) =>
        releaseOf.pipe(
          concatMap((release) => {
            const [modelOwner = '', model = ''] = ownerAndName(release.model).map(encodeURIComponent);
            return call({
              send: (client, signal) =>
                client.models.versions.get(modelOwner, model, release.version, { signal }),
              read,
            });
          }),
        ),
    })
    .pipe(
      catchError((error: unknown) => {
        return isWithheld(error)
          ? of({ name, latestVersion: null, isOfficial: null, schema: null })
          : throwError(() => error);
      }),
    );
}

const version = z.looseObject({ id: z.string(), openapi_schema: z.unknown().optional() });
const modelBody = z.looseObject({
  is_official: z.boolean().nullish().catch(null),
  latest_version: version.nullish().catch(null),
});

const deploymentBody = z.looseObject({
  current_release: z.looseObject({ model: z.string(), version: z.string() }),
});

/** Reads a model as the service sends it. Throws a `ZodError` if it is none. */
function parseModel(body: unknown, name: string): Model {
  const { is_official: isOfficial, latest_version: latest } = modelBody.parse(body);
  return {
    name,
    latestVersion: latest?.id ?? null,
    isOfficial: isOfficial ?? null,
    schema: parseModelSchema(latest?.openapi_schema),
  };
}

/**
 * Reads one version of a model as the service sends it. The newest version, and if the model is
 * official, stay unknown. Throws a `ZodError` if it is none.
 */
function parseModelVersion(body: unknown, name: string): Model {
  const { openapi_schema: schema } = version.parse(body);
  return { name, latestVersion: null, isOfficial: null, schema: parseModelSchema(schema) };
}
