import type { Provider } from '../ports.ts';
import { createReplicateProvider } from '../replicate/createReplicateProvider.ts';
import type { Service } from './chooseService.ts';

/** A service that is ready to be used. */
export interface OpenService {
  readonly provider: Provider;
  /** How much faster than life everything goes; 1 for the real service. */
  readonly speed: number;
  close(): Promise<void>;
}

/** Connects to the chosen service; starts the simulator where that is the choice. */
export async function openService(service: Service): Promise<OpenService> {
  if (service.kind === 'api') {
    const { token, baseUrl } = service;
    const provider = createReplicateProvider(baseUrl === null ? { token } : { token, baseUrl });
    return { provider, speed: 1, close: async () => {} };
  }
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
