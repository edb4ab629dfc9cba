import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { SimulatorConfig, SimulatorStats } from '../src/simulator/index.ts';

/** The shares of calls that fail, 0 to 1 each. */
export interface FaultShares {
  /** Webhooks that are lost. */
  dropWebhooks?: number;
  /** Create requests that take effect, but whose connection is reset before the response. */
  loseResponses?: number;
  /** Files whose first download is cut. */
  cutFiles?: number;
}

export interface BenchServer {
  /** Environment of the measured scripts. */
  readonly env: NodeJS.ProcessEnv;
  stats(): Promise<SimulatorStats>;
  close(): void;
}

/** Starts a simulator in a separate process. */
export async function startServer(config: SimulatorConfig & FaultShares): Promise<BenchServer> {
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
