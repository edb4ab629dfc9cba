import type { OpenService } from '../../src/cli/batch/service.ts';
import { fakeProvider } from './fakeProvider.ts';

/** A service that is never asked anything. */
export function aService(service: Partial<OpenService> = {}): OpenService {
  return {
    provider: fakeProvider({}),
    speed: 1,
    onlyModel: null,
    webhookSecret: null,
    reachesLoopback: true,
    close: async () => {},
    ...service,
  };
}
