import { join } from 'node:path';
import type { Provider } from '../ports.ts';
import { createReplicateProvider } from '../replicate/createReplicateProvider.ts';
import { createModelCache } from '../store/createModelCache.ts';
import type { Service } from './chooseService.ts';
import type { Warn } from './createWarn.ts';

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
  close(): Promise<void>;
}

/** Connects to the chosen service; starts the simulator, about which nothing is kept, where that is the choice. */
export async function openService(service: Service, config: OpenServiceConfig): Promise<OpenService> {
  if (service.kind === 'api')
    return { provider: apiProvider(service, config), speed: 1, close: async () => {} };
  // Loaded only here: a run against the real service starts faster without it.
  const { chaosProfile, startSimulator } = await import('../simulator/index.ts');
  const { speed, chaos } = service;
  const simulator = await startSimulator({
    speed,
    ...(chaos === null ? {} : chaosProfile(chaos, { speed })),
  });
  const { token, baseUrl } = simulator;
  return { provider: createReplicateProvider({ token, baseUrl }), speed, close: () => simulator.close() };
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
