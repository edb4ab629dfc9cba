import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Strategy } from '../../src/types.ts';
import { type BatchReport, runBatch, SPEED } from './runBatch.ts';
import { runTwo } from './runTwo.ts';
import { changedInput } from './workloads/changedInput.ts';
import { damagedJournal } from './workloads/damagedJournal.ts';
import { laggingList } from './workloads/laggingList.ts';
import { oddProxy } from './workloads/oddProxy.ts';
import { onlyKills, profile } from './workloads/profiles.ts';
import type { Workload } from './workloads/workload.ts';

export interface SuiteConfig {
  /** Where it may write; there already. */
  folder: string;
  /** Kills in all. */
  kills: number;
  seed: number;
  /** Jobs of a batch. */
  prompts: number;
  /** Called with each finished batch. */
  onBatch?: (report: BatchReport) => void;
}

/** Runs one batch with at most so many kills. */
export type Batch = (config: {
  folder: string;
  seed: number;
  prompts: number;
  maxKills: number;
}) => Promise<BatchReport>;

/** A sequence of batches, and its share of the kills. */
interface Lane {
  readonly share: number;
  readonly batch: Batch;
}

/** Returns the batches of a workload. */
export function batchOf(workload: Workload, strategy?: Strategy): Batch {
  return (config) => runBatch({ ...config, workload, ...(strategy && { strategy }) });
}

export const inOneFolder: Batch = (config) => runTwo({ ...config, shared: 'folder' });

/** Long lanes are split, so that all take about the same time. */
const lanes: readonly Lane[] = [
  { share: 0.09, batch: batchOf(onlyKills) },
  { share: 0.12, batch: batchOf(profile('storm')) },
  { share: 0.09, batch: batchOf(profile('throttled')) },
  { share: 0.1, batch: batchOf(changedInput) },
  { share: 0.1, batch: batchOf(changedInput) },
  { share: 0.13, batch: batchOf(damagedJournal) },
  { share: 0.13, batch: batchOf(damagedJournal) },
  { share: 0.09, batch: batchOf(oddProxy) },
  ...[7, 30, 90].map((lagS) => ({ share: 0.04, batch: batchOf(laggingList(lagS, SPEED)) })),
  { share: 0.03, batch: inOneFolder },
];

/**
 * Runs the lanes side by side, because runs mostly wait; and two processes with one `--cache`,
 * which are not killed, since predictions in flight at a kill belong to their run folder.
 */
export async function runSuite(config: SuiteConfig): Promise<readonly BatchReport[]> {
  let given = 0;
  const work = lanes.map(({ share, batch }, lane) => {
    const before = Math.round(given * config.kills);
    given += share;
    const kills = Math.round(given * config.kills) - before;
    return runLane(batch, { ...config, name: String(lane), seed: config.seed + lane, kills });
  });
  const reports = await Promise.all([...work, runCache(config)]);
  return reports.flat();
}

export interface LaneConfig extends SuiteConfig {
  /** Begins the names of its folders. */
  name: string;
}

/** Runs batch after batch until so many runs were killed, or something is wrong. */
export async function runLane(batch: Batch, config: LaneConfig): Promise<readonly BatchReport[]> {
  const { kills, seed, prompts, name, onBatch = () => {} } = config;
  const reports: BatchReport[] = [];
  let left = kills;
  for (let number = 0; left > 0; number += 1) {
    const folder = join(config.folder, `${name}-${number}`);
    await mkdir(folder);
    const report = await batch({ folder, seed: seed + number, prompts, maxKills: left });
    left -= report.kills;
    reports.push(report);
    onBatch(report);
    if (report.problems.length > 0) break;
  }
  return reports;
}

/** Lets two processes with one `--cache` make the same images at the same time. */
export async function runCache(config: Omit<SuiteConfig, 'kills'>): Promise<BatchReport> {
  const { seed, prompts, onBatch = () => {} } = config;
  const folder = join(config.folder, 'cache');
  await mkdir(folder);
  const report = await runTwo({ folder, seed, prompts, shared: 'cache' });
  onBatch(report);
  return report;
}
