import { join } from 'node:path';
import { catchError, NEVER, type Observable } from 'rxjs';
import { isDeployment, type ModelReference } from '../../base/modelName.ts';
import { isLoopback, isNotFound, replicateService, simulatorService } from '../../base/service.ts';
import { nearestName } from '../../base/suggest.ts';
import { UsageError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import { createReplicateProvider } from '../../providers/replicate/replicateProvider.ts';
import { fetchWebhookSecret } from '../../providers/replicate/webhookSecret.ts';
import type { ChaosProfileName } from '../../simulator/chaos/profiles.ts';
import { createModelCache } from '../../store/modelCache.ts';
import { commandLine } from '../display/commandLine.ts';
import type { Flags } from '../flags/flags.ts';
import type { Environment, Warn } from '../script/environment.ts';

interface OpenServiceConfig {
  /** The folder that caches model schemas between runs; null for no cache. */
  cacheFolder: string | null;
  /** Fetches model schemas again instead of using cached ones. */
  refreshModels: boolean;
  /** Credentials to remove from messages of the service, besides its own token. Default: none. */
  secrets?: readonly string[];
  warn: Warn;
}

/** A service that is ready for use. */
export interface OpenService {
  readonly provider: Provider;
  /** The factor by which time is faster than real time; 1 for a real service. */
  readonly speed: number;
  /** The only model it runs; null if there are many. */
  readonly onlyModel: ModelReference | null;
  /** The secret that its webhooks are signed with; null if it sends none. */
  readonly webhookSecret: Observable<string> | null;
  /** Credentials to remove from its webhooks. Default: none. */
  readonly secrets?: readonly string[];
  /** True if it runs on this machine, so that webhooks need no public address. */
  readonly reachesLoopback: boolean;
  close(): Promise<void>;
}

/** Connects to the chosen service, or starts the simulator, whose schemas are not cached. */
export async function openService(service: Service, config: OpenServiceConfig): Promise<OpenService> {
  if (service.kind === 'api') return openApi(service, config);
  if (service.kind === 'none') return openNothing();
  if (service.kind === 'offline') return openOffline(config);
  if (service.kind === 'cog') {
    const { createCogProvider } = await import('../../providers/cog/cogProvider.ts');
    const { secrets = [] } = config;
    const provider = createCogProvider({ baseUrl: service.baseUrl, secrets });
    return {
      provider,
      speed: 1,
      onlyModel: { model: 'cog/model', version: null },
      webhookSecret: null,
      reachesLoopback: true,
      close: async () => {},
    };
  }
  // Loaded only here: a run against the real service starts faster without it.
  const { startSimulator } = await import('../../simulator/startSimulator.ts');
  const { models: simulatedModels } = await import('../../simulator/models/models.ts');
  const { chaosProfile } = await import('../../simulator/chaos/chaosProfile.ts');
  const { speed, chaos } = service;
  const simulator = await startSimulator({
    speed,
    ...(chaos === null ? {} : chaosProfile(chaos, { speed })),
  });
  const { token, baseUrl } = simulator;
  return {
    provider: withSimulatedModels(
      createReplicateProvider({ token, baseUrl, service: simulatorService, listIsCurrent: true }),
      simulatedModels.map(({ name }) => name),
    ),
    speed,
    onlyModel: null,
    webhookSecret: fetchWebhookSecret({ token, baseUrl }),
    reachesLoopback: true,
    close: () => simulator.close(),
  };
}

/** Returns a service that is asked for nothing, but how prices are described. */
function openNothing(): OpenService {
  return {
    provider: createReplicateProvider({ token: 'none', service: replicateService }),
    ...{ speed: 1, onlyModel: null, webhookSecret: null, reachesLoopback: false },
    close: async () => {},
  };
}

async function openOffline(config: OpenServiceConfig): Promise<OpenService> {
  const { startSimulator } = await import('../../simulator/startSimulator.ts');
  const { createOfflineProvider } = await import('./offline.ts');
  const simulator = await startSimulator();
  return {
    provider: createOfflineProvider(simulator, config),
    speed: 1,
    onlyModel: null,
    // Replicate signs its webhooks; a plan asks for none.
    webhookSecret: NEVER,
    reachesLoopback: false,
    close: () => simulator.close(),
  };
}

/** Names the models of the simulator if it is asked for another one. */
function withSimulatedModels(provider: Provider, names: readonly string[]): Provider {
  return {
    ...provider,
    getModel: (model, version) =>
      provider.getModel(model, version).pipe(
        catchError((error: unknown) => {
          const isKnown = names.includes(model) || isDeployment(model);
          if (!isNotFound(error) || isKnown) throw error;
          const meant = nearestName(model, names);
          throw new UsageError(`The simulator does not play the model ${model}.`, {
            suggestion: `${meant === null ? '' : `Did you mean ${meant}? `}It plays these ${names.length}: ${names.join(', ')}.`,
            cause: error,
          });
        }),
      ),
  };
}

function openApi(service: Extract<Service, { kind: 'api' }>, config: OpenServiceConfig): OpenService {
  const { token, baseUrl } = service;
  const { secrets = [] } = config;
  return {
    provider: apiProvider(service, config),
    speed: 1,
    onlyModel: null,
    webhookSecret: fetchWebhookSecret(baseUrl === null ? { token } : { token, baseUrl }),
    secrets: [token, ...secrets],
    reachesLoopback: baseUrl !== null && isLoopback(new URL(baseUrl).hostname),
    close: async () => {},
  };
}

function apiProvider(
  { token, baseUrl }: Extract<Service, { kind: 'api' }>,
  { cacheFolder, refreshModels, secrets = [], warn }: OpenServiceConfig,
): Provider {
  return createReplicateProvider({
    token,
    secrets,
    ...(baseUrl === null ? {} : { baseUrl }),
    ...(refreshModels ? { modelMaxAgeMs: 0 } : {}),
    ...(cacheFolder === null
      ? {}
      : {
          modelCache: createModelCache({
            folder: join(cacheFolder, 'models'),
            baseUrl: baseUrl ?? 'replicate',
          }),
        }),
    onWarning: warn,
  });
}

/** The service that makes images. */
type Service =
  /** The built-in simulator, `speed` times faster than real time; no faults if `chaos` is null. */
  | { readonly kind: 'simulator'; readonly speed: number; readonly chaos: ChaosProfileName | null }
  /** A Replicate-compatible API; Replicate's own if `baseUrl` is null. */
  | { readonly kind: 'api'; readonly token: string; readonly baseUrl: string | null }
  /** None, for commands that send no request. */
  | { readonly kind: 'none' }
  /** None, for `--dry-run` without a token: models are those that this machine knows. */
  | { readonly kind: 'offline' }
  /** A container built by Cog. */
  | { readonly kind: 'cog'; readonly baseUrl: string };

/**
 * Chooses the service: a container with `--provider cog`, the simulator with `--simulate`, else the
 * API with the token of the environment. The hint for a missing token names `--simulate` unless
 * `servesSimulator` is false: the script has no such flag.
 *
 * `--dry-run` needs no token.
 *
 * Throws `UsageError` if there is no token, or if flags contradict each other: the simulator with a
 * base URL or with `--detach`, chaos without the simulator.
 */
export function chooseService(
  flags: Pick<Flags, 'simulateSpeed' | 'chaos' | 'baseUrl' | 'provider' | 'follow' | 'detach' | 'dryRun'>,
  environment: Environment,
  servesSimulator = true,
): Service {
  const { simulateSpeed, chaos, baseUrl, detach } = flags;
  const { token } = environment;
  if (simulateSpeed !== null && baseUrl !== null) {
    throw new UsageError('`--simulate` and `--base-url` cannot be used together.', {
      suggestion: 'Remove one: the simulator has its own base URL.',
    });
  }
  if (simulateSpeed !== null && detach) {
    throw new UsageError('`--simulate` and `--detach` cannot be used together.', {
      suggestion: `Remove one: the built-in simulator and its predictions end with the command. \`${commandLine('simulator')}\` starts one that stays.`,
    });
  }
  if (flags.provider === 'cog') return cogService(flags, environment);
  if (simulateSpeed !== null) return { kind: 'simulator', speed: simulateSpeed, chaos };
  if (chaos !== null) {
    throw new UsageError(`\`--chaos ${chaos}\` works only with \`--simulate\`.`, {
      suggestion: 'Add --simulate: only the simulator can rehearse faults.',
    });
  }
  if (token !== null) return { kind: 'api', token, baseUrl: baseUrl ?? environment.baseUrl };
  if (flags.dryRun && (baseUrl ?? environment.baseUrl) === null) return { kind: 'offline' };
  const tokens = 'Tokens are at https://replicate.com/account/api-tokens';
  throw servesSimulator
    ? new UsageError(
        'There is no API token: set REPLICATE_API_TOKEN, or add --simulate to run without an account.',
        { suggestion: `${tokens}; the simulator costs nothing.` },
      )
    : new UsageError('There is no API token: set REPLICATE_API_TOKEN.', { suggestion: `${tokens}.` });
}

function cogService(
  { simulateSpeed, baseUrl, follow }: Pick<Flags, 'simulateSpeed' | 'baseUrl' | 'follow'>,
  environment: Environment,
): Service {
  const url = baseUrl ?? environment.baseUrl;
  if (simulateSpeed !== null || url === null) {
    const address = 'the address of a container, such as --base-url http://127.0.0.1:5000.';
    throw simulateSpeed === null
      ? new UsageError('`--provider cog` needs `--base-url`, the address of the container.', {
          suggestion: `Give ${address}`,
        })
      : new UsageError('`--provider cog` and `--simulate` cannot be used together.', {
          suggestion: `Remove --simulate, and give ${address}`,
        });
  }
  if (follow !== null && follow !== 'wait') {
    throw new UsageError(`Expected \`--follow wait\` with \`--provider cog\`, got ${follow}`, {
      suggestion: 'Remove --follow: a container responds when the prediction is final.',
    });
  }
  return { kind: 'cog', baseUrl: url };
}
