import { lastValueFrom } from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import type { Plan } from '../../types.ts';
import type { Database, Row } from '../database/connection.ts';
import { createRead } from '../database/partCalls.ts';
import { type EndedJob, unpackEnded } from '../packedOutcomes.ts';
import { damaged, unpackPlans } from '../packedPlans.ts';

/** Parts that are read at a time: a thousand outcomes. */
const PARTS_AT_ONCE = 40;
/** The parts that are done, without their outcomes: 40,000 of a million jobs. */
const ALL_DONE = `
  SELECT part, first_index, jobs FROM rx.part WHERE run = $1 AND state = 'done'`;
const DONE = `
  SELECT part, jobs, plans, outcomes, extract(epoch FROM clock_timestamp()) * 1000 AS now_ms FROM rx.part
  WHERE run = $1 AND part >= $2 AND part <> ALL ($3::integer[]) AND state = 'done' ORDER BY part LIMIT $4`;

/** Parts that are done. */
export interface DoneParts {
  readonly plans: readonly Plan[];
  readonly jobs: readonly EndedJob[];
  /** How far the clock of this machine is ahead of the database's, by which their moments are. */
  readonly aheadMs: number;
}

/**
 * Yields the parts of a run that are done, some together; the next ones are read ahead. Asks `wait`
 * when there are no more of them, and ends if that resolves with false. Throws `StorageError` if a
 * part is not whole.
 */
export async function* doneParts(
  { query }: Pick<Database, 'query'>,
  run: number,
  { isEntered, wait }: DonePartsConfig,
): AsyncGenerator<DoneParts> {
  const read = createRead(query);
  const seen = createSeenParts();
  for (const { part, first_index: first, jobs } of await lastValueFrom(read(ALL_DONE, [run]))) {
    if (isEntered(Number(first), Number(jobs))) seen.add(Number(part));
  }
  const more = () => lastValueFrom(read(DONE, [run, ...seen.values(), PARTS_AT_ONCE]));
  for (let next = more(); ; ) {
    const rows = await next;
    for (const { part } of rows) seen.add(Number(part));
    if (rows.length === 0 && !(await wait())) return;
    next = more();
    // Seen when its turn comes; a reader that leaves before has no use for it.
    next.catch(() => {});
    if (rows.length > 0) yield unpackParts(rows);
  }
}

interface DonePartsConfig {
  /** Returns true if so many jobs, from the first on, are entered: their part is not read. */
  isEntered: (first: number, jobs: number) => boolean;
  /** Waits while no part is done; resolves with false if none is to be waited for. */
  wait: () => Promise<boolean>;
}

/** The parts that were read, which come in any order: all below one, and some others. */
function createSeenParts() {
  let first = 0;
  const others = new Set<number>();
  return {
    add(part: number): void {
      others.add(part);
      for (; others.has(first); first += 1) others.delete(first);
    },
    values: () => [first, [...others]] as const,
  };
}

function unpackParts(rows: readonly Row[]): DoneParts {
  const aheadMs = wallNow(monotonicScheduler) - Number(rows[0]?.now_ms);
  const jobs = rows.map(unpackPart);
  const hasFailed = jobs.map((some) => some.some(({ outcome }) => outcome.status !== 'saved'));
  // Only the plans of jobs that may be made again are needed.
  const plans = rows.map((row, at) => (hasFailed[at] === true ? unpackPlans(bytesOf(row.plans)) : []));
  return { plans: plans.flat(), jobs: jobs.flat(), aheadMs };
}

/** Throws `StorageError` if a part does not have an outcome for each of its jobs. */
function unpackPart({ jobs, outcomes }: Row): readonly EndedJob[] {
  const ended = unpackEnded(bytesOf(outcomes));
  if (ended.length !== Number(jobs)) throw damaged(null);
  return ended;
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}
