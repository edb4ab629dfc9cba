import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulatorConfig } from '../../src/simulator/index.ts';
import { type Measurement, measure } from '../measure.ts';
import { startServer } from '../startServer.ts';

/** A program that makes the images of a prompt file. */
export interface Contestant {
  readonly name: string;
  readonly script: string;
  readonly args: (prompts: string, out: string) => readonly string[];
}

export interface Contest {
  readonly prompts: number;
  readonly server: SimulatorConfig;
  readonly contestants: readonly Contestant[];
}

/** The runs of a contestant, in the order of the rounds. */
export interface Runs {
  readonly name: string;
  readonly runs: readonly (Measurement & { readonly requests: number })[];
}

/**
 * Lets all contestants make the same images, in turns, so that a machine that gets slower is slower
 * for all. Each run has a new simulator, in a process of its own.
 */
export async function hold({ prompts, server, contestants }: Contest, rounds: number): Promise<Runs[]> {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
  const file = join(folder, 'prompts.txt');
  const lines = Array.from({ length: prompts }, (_, n) => `A still life of ${n + 2} pears by a north window`);
  await writeFile(file, `${lines.join('\n')}\n`);
  const results = contestants.map(({ name }) => ({ name, runs: [] as Runs['runs'][number][] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { name, script, args }] of contestants.entries()) {
      const service = await startServer(server);
      const out = join(folder, 'out');
      const run = await measure(script, args(file, out), service.env);
      const { apiRequests } = await service.stats();
      service.close();
      await rm(out, { recursive: true, force: true });
      results[index]?.runs.push({ ...run, requests: apiRequests / prompts });
      const { wallS, cpuS, peakMb, exitCode } = run;
      const figures = `${wallS.toFixed(2)} s, ${cpuS.toFixed(2)} s CPU, ${peakMb.toFixed(0)} MB`;
      console.log(`  ${name}: ${figures}${exitCode === 0 ? '' : `, exit ${exitCode}`}`);
    }
  }
  await rm(folder, { recursive: true, force: true });
  return results;
}

/** Measures commands without a service, in turns. */
export async function start(commands: readonly Omit<Contestant, 'args'>[], rounds: number): Promise<Runs[]> {
  const results = commands.map(({ name }) => ({ name, runs: [] as Runs['runs'][number][] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { script }] of commands.entries()) {
      const [path = '', ...args] = script.split(' ');
      results[index]?.runs.push({ ...(await measure(path, args, {})), requests: 0 });
    }
  }
  return results;
}
