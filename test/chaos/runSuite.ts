import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BatchReport, runBatch } from './runBatch.ts';

export interface SuiteConfig {
  /** Where it may write; there already. */
  folder: string;
  /** Kills in all. */
  kills: number;
  seed: number;
  /** Jobs of a batch. */
  prompts: number;
  /** Told of each batch as it is done. */
  onBatch?: (report: BatchReport) => void;
}

const profiles = [null, 'storm', 'throttled'] as const;

/**
 * A lane for each profile, side by side, as runs mostly wait; in each batch after batch until so
 * many were killed.
 */
export async function runSuite(config: SuiteConfig): Promise<readonly BatchReport[]> {
  const lanes = await Promise.all(profiles.map((_, lane) => runLane(lane, config)));
  return lanes.flat();
}

async function runLane(lane: number, config: SuiteConfig): Promise<readonly BatchReport[]> {
  const { kills, seed, prompts, onBatch = () => {} } = config;
  const reports: BatchReport[] = [];
  let left = Math.ceil((kills - lane) / profiles.length);
  for (let number = lane; left > 0; number += profiles.length) {
    const folder = join(config.folder, String(number));
    await mkdir(folder);
    const profile = profiles[lane] ?? null;
    const report = await runBatch({ folder, seed: seed + number, profile, prompts, maxKills: left });
    left -= report.kills;
    reports.push(report);
    onBatch(report);
    if (report.problems.length > 0) break;
  }
  return reports;
}
