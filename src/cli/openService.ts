import { join } from 'node:path';
import type { Observable } from 'rxjs';
import type { Provider } from '../ports.ts';
import { createReplicateProvider } from '../replicate/createReplicateProvider.ts';
import { fetchWebhookSecret } from '../replicate/fetchWebhookSecret.ts';
import { createModelCache } from '../store/createModelCache.ts';
import type { Service } from './chooseService.ts';
import type { Warn } from './createWarn.ts';
import type { ModelReference } from './Flags.ts';

export interface OpenServiceConfig {
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
    const { createCogProvider } = await import('../replicate/createCogProvider.ts');
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
  const { chaosProfile, startSimulator } = await import('../simulator/index.ts');
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
