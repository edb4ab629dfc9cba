import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { UsageError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import { createReplicateProvider } from '../../providers/replicate/replicateProvider.ts';
import { fetchWebhookSecret } from '../../providers/replicate/webhookSecret.ts';
import type { ChaosProfileName } from '../../simulator/chaos/profiles.ts';
import { createModelCache } from '../../store/modelCache.ts';
import type { Flags } from '../flags/flags.ts';
import type { ModelReference } from '../flags/flagValues.ts';
import type { Environment, Warn } from '../script/environment.ts';

interface OpenServiceConfig {
  /** Where answers about models are kept between runs; null for nowhere. */
  cacheFolder: string | null;
  /** Ask anew what is kept. */
  refreshModels: boolean;
  warn: Warn;
}

/** A service that is ready to be used. */
export interface OpenService {
  readonly provider: Provider;
  /** How much faster than life everything goes; 1 for the real service. */
  readonly speed: number;
  /** The only model it runs; null where there are many. */
  readonly onlyModel: ModelReference | null;
  /** What its webhooks are signed with; null where it sends none. */
  readonly webhookSecret: Observable<string> | null;
  /** Whether it runs on this machine, so that webhooks need no address of their own. */
  readonly reachesLoopback: boolean;
  close(): Promise<void>;
}

/** Connects to the chosen service; starts the simulator, about which nothing is kept, where that is the choice. */
export async function openService(service: Service, config: OpenServiceConfig): Promise<OpenService> {
  if (service.kind === 'api') return openApi(service, config);
  if (service.kind === 'cog') {
    const { createCogProvider } = await import('../../providers/cog/cogProvider.ts');
    const provider = createCogProvider({ baseUrl: service.baseUrl });
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
  const { chaosProfile } = await import('../../simulator/chaos/chaosProfile.ts');
  const { speed, chaos } = service;
  const simulator = await startSimulator({
    speed,
    ...(chaos === null ? {} : chaosProfile(chaos, { speed })),
  });
  const { token, baseUrl } = simulator;
  return {
    provider: createReplicateProvider({ token, baseUrl }),
    speed,
    onlyModel: null,
    webhookSecret: fetchWebhookSecret({ token, baseUrl }),
    reachesLoopback: true,
    close: () => simulator.close(),
  };
}

function openApi(service: Extract<Service, { kind: 'api' }>, config: OpenServiceConfig): OpenService {
  const { token, baseUrl } = service;
  return {
    provider: apiProvider(service, config),
    speed: 1,
    onlyModel: null,
    webhookSecret: fetchWebhookSecret(baseUrl === null ? { token } : { token, baseUrl }),
    reachesLoopback: baseUrl !== null && isLoopback(new URL(baseUrl).hostname),
    close: async () => {},
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}

function apiProvider(
  { token, baseUrl }: Extract<Service, { kind: 'api' }>,
  { cacheFolder, refreshModels, warn }: OpenServiceConfig,
): Provider {
  return createReplicateProvider({
    token,
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

/** Who makes the pictures. */
export type Service =
  /** The built-in simulator, `speed` times faster than life; `chaos` null: nothing goes wrong there. */
  | { readonly kind: 'simulator'; readonly speed: number; readonly chaos: ChaosProfileName | null }
  /** A Replicate-compatible API; `baseUrl` null means Replicate's own. */
  | { readonly kind: 'api'; readonly token: string; readonly baseUrl: string | null }
  /** A container built by Cog. */
  | { readonly kind: 'cog'; readonly baseUrl: string };

/**
 * A container with `--provider cog`, the simulator where `--simulate` was given, else the API with the token of the
 * environment.
 *
 * Throws `UsageError` where there is neither, where the simulator is to be found at a base URL, or where chaos is asked of
 * another service than the simulator.
 */
export function chooseService(
  flags: Pick<Flags, 'simulateSpeed' | 'chaos' | 'baseUrl' | 'provider' | 'follow'>,
  environment: Environment,
): Service {
  const { simulateSpeed, chaos, baseUrl } = flags;
  const { token } = environment;
  if (simulateSpeed !== null && baseUrl !== null) {
    throw new UsageError('Expected either `--simulate` or `--base-url`, got both', {
      suggestion: 'Leave one out: the simulator brings its own base URL.',
    });
  }
  if (flags.provider === 'cog') return cogService(flags, environment);
  if (simulateSpeed !== null) return { kind: 'simulator', speed: simulateSpeed, chaos };
  if (chaos !== null) {
    throw new UsageError(`Expected \`--chaos ${chaos}\` together with \`--simulate\`, got it without`, {
      suggestion: 'Add --simulate: faults are rehearsed on the simulator only.',
    });
  }
  if (token !== null) return { kind: 'api', token, baseUrl: baseUrl ?? environment.baseUrl };
  throw new UsageError(
    'Expected an API token in REPLICATE_API_TOKEN, got none: set REPLICATE_API_TOKEN, or add --simulate to run without an account',
    { suggestion: 'Tokens are at https://replicate.com/account/api-tokens; the simulator costs nothing.' },
  );
}

function cogService(
  { simulateSpeed, baseUrl, follow }: Pick<Flags, 'simulateSpeed' | 'baseUrl' | 'follow'>,
  environment: Environment,
): Service {
  const url = baseUrl ?? environment.baseUrl;
  if (simulateSpeed !== null || url === null) {
    const got = simulateSpeed === null ? 'none' : '--simulate';
    throw new UsageError(`Expected \`--base-url\` of the container with \`--provider cog\`, got ${got}`, {
      suggestion: 'Give it as --base-url http://127.0.0.1:5000, say.',
    });
  }
  if (follow !== null && follow !== 'wait') {
    throw new UsageError(`Expected \`--follow wait\` with \`--provider cog\`, got ${follow}`, {
      suggestion: 'Leave --follow out: a container answers when the run is over.',
    });
  }
  return { kind: 'cog', baseUrl: url };
}
