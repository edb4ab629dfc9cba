import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Measurement {
  readonly wallS: number;
  readonly cpuS: number;
  readonly peakMb: number;
  readonly exitCode: number;
}

const reportUsage = fileURLToPath(new URL('reportUsage.mjs', import.meta.url));

/**
 * Runs a script in a separate process and measures it, its start included. TypeScript is run with
 * tsx, as in a clone.
 */
export async function measure(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Measurement> {
  const loaders = script.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', reportUsage, ...loaders, script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const usage = text(child.stdio[3] as Readable);
  const [exitCode] = await once(child, 'close');
  const wallS = (performance.now() - startedAt) / 1_000;
  return { wallS, exitCode: exitCode ?? -1, ...JSON.parse((await usage) || '{"cpuS":0,"peakMb":0}') };
}
