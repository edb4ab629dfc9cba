import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface Measurement {
  readonly wallS: number;
  readonly cpuS: number;
  readonly peakMb: number;
  readonly exitCode: number;
}

/** Runs a script with tsx in a separate process, as a user does, and measures it from outside. */
export function measure(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Measurement> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peakMb = 0;
  let cpuS = 0;
  const probe = setInterval(async () => {
    const usage = await usageOf(child.pid);
    peakMb = Math.max(peakMb, usage.peakMb);
    cpuS = Math.max(cpuS, usage.cpuS);
  }, 50);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(probe);
      resolve({ wallS: (performance.now() - startedAt) / 1000, cpuS, peakMb, exitCode: code ?? -1 });
    });
  });
}

/** Reads the highest resident memory and the CPU time so far. Linux only. */
async function usageOf(pid: number | undefined): Promise<{ peakMb: number; cpuS: number }> {
  try {
    const [status, stat] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    const peakKb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
    const [userTicks = 0, systemTicks = 0] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return { peakMb: peakKb / 1024, cpuS: (userTicks + systemTicks) / 100 };
  } catch {
    return { peakMb: 0, cpuS: 0 };
  }
}
