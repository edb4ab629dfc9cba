import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { SimulatorConfig, SimulatorStats } from '../src/simulator/index.ts';

export interface BenchServer {
  /** Environment of the measured scripts. */
  readonly env: NodeJS.ProcessEnv;
  stats(): Promise<SimulatorStats>;
  close(): void;
}

/** Starts a simulator in a separate process. */
export async function startServer(config: SimulatorConfig & { dropWebhooks?: number }): Promise<BenchServer> {
  const child = fork(new URL('server.ts', import.meta.url), [JSON.stringify(config)]);
  const [{ baseUrl, token }] = await once(child, 'message');
  return {
    env: { REPLICATE_BASE_URL: baseUrl, REPLICATE_API_TOKEN: token },
    async stats() {
      child.send('stats');
      const [stats] = await once(child, 'message');
      return stats;
    },
    close: () => child.disconnect(),
  };
}
