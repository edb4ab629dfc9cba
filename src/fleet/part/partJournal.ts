import { defer, from, ignoreElements, lastValueFrom, type Observable, type SchedulerLike } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { ProviderError, UsageError } from '../../errors.ts';
import { type Gate, gate } from '../../operators/gate.ts';
import { takenByAnother } from '../../operators/predictions/lost/lostErrors.ts';
import { overBudget } from '../../operators/stages/overBudget.ts';
import {
  applyEntry,
  hasOpenAttempt,
  newStoredJob,
  predictionIdOf,
  type RunJournal,
  type StoredJob,
} from '../../store/entries.ts';
import { jobSums } from '../../store/jobSums.ts';
import { rowOfJob } from '../../store/journal/jobTable.ts';
import type { JournalEntry, Outcome, Plan } from '../../types.ts';
import type { Row } from '../database/connection.ts';
import type { PartCalls } from '../database/partCalls.ts';
import { untilGranted } from './untilGranted.ts';

/** A job of a part, with all that its database knows. */
export interface PartJob {
  readonly job: StoredJob;
  /** Entries of the job so far. */
  readonly seq: number;
  /** True if it holds a slot of the account. */
  readonly hasSlot: boolean;
  /** Null until it has one. */
  readonly outcome: Outcome | null;
}

export interface PartJournalConfig {
  calls: PartCalls;
  /** Folder of this worker, which its files are in; absolute. */
  folder: string;
  /** How far the clock of this machine is ahead of the database's. Default 0. */
  aheadMs?: number;
  /** The jobs of the part that earlier owners have begun. Default: none. */
  jobs?: readonly PartJob[];
  /**
   * Longest time that an attempt can hold a slot: its time-out, and the time that the service adds.
   */
  holdMs: number;
  /**
   * One slot for all parts of a worker: only one of its jobs asks for admission at a time. Those
   * that hold a slot of the account do not stand in this line.
   */
  line: Gate;
  /** 0…1, for the jitter of waits. Default Math.random. */
  random?: () => number;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** The journal of a part. */
export interface PartJournal extends RunJournal {
  /** Frees the slot of a job whose prediction is final; does nothing if it holds none. */
  release(index: number): Observable<void>;
  /** Returns the outcome of a job; null if it has none yet. */
  outcomeOf(index: number): Outcome | null;
  /**
   * Returns the row of a job that has not been saved and may have a prediction, with moments by the
   * database's clock; else null.
   */
  openRowOf(index: number): Row | null;
  /** Returns true if a job holds a slot of the account. */
  hasSlot(index: number): boolean;
  /** Completes once all entries so far are written, or refused. */
  idle(): Observable<never>;
}

/** The entry that asks for admission. */
type Intended = Extract<JournalEntry, { type: 'intended' }>;

/**
 * Creates the journal of a part over the database of a fleet. Reads are from memory: no one else
 * writes about a part while it is a worker's. An entry that was recorded is written even after an
 * unsubscribe, and the entries of a job one after the other.
 *
 * Recording `intended` is the admission: it completes once the account has a slot, pace and money
 * for the attempt, and the intent is stored.
 *
 *     record(plan, intended)    ----(.|)    once it is granted
 *     no money is left          --#         BudgetError
 *     the run is paused         --#         ProviderError that stops it
 *     another worker has it     --#         StorageError: ERR_FENCED
 *
 * If its caller has unsubscribed, an attempt is not admitted, or is withdrawn.
 */
export function createPartJournal(config: PartJournalConfig): PartJournal {
  const {
    calls,
    folder,
    holdMs,
    line,
    aheadMs = 0,
    random = Math.random,
    scheduler = monotonicScheduler,
  } = config;
  const jobs = new Map<number, PartJob>();
  const predictionIds = new Set<string>();
  for (const one of config.jobs ?? []) {
    const { index, record } = one.job;
    if (index !== null) jobs.set(index, one);
    if (record.predictionId !== null) predictionIds.add(record.predictionId);
  }
  /** The last entry of each job that is being written. */
  const lastOf = new Map<number, Promise<unknown>>();

  const inOrder = <T>(index: number, write: () => Promise<T>): Promise<T> => {
    const written = (lastOf.get(index) ?? Promise.resolve()).then(write, write);
    lastOf.set(index, written);
    const forget = () => {
      if (lastOf.get(index) === written) lastOf.delete(index);
    };
    written.then(forget, forget);
    return written;
  };
  const idle = async (): Promise<void> => {
    while (lastOf.size > 0) await Promise.allSettled(lastOf.values());
  };
  const current = ({ index, key }: Plan): PartJob => {
    const known = jobs.get(index);
    if (known === undefined)
      return { job: newStoredJob(index, index, key), seq: 0, hasSlot: false, outcome: null };
    if (known.job.record.key !== key) throw changedPlan(index);
    return known;
  };

  const note = async (plan: Plan, entry: JournalEntry): Promise<void> => {
    const before = current(plan);
    const job = applyEntry(before.job, entry, plan.priceMicroUsd);
    const seq = before.seq + 1;
    const isOutcome = entry.type === 'outcome';
    const claim = isOutcome ? null : predictionIdOf(entry);
    const outcome = isOutcome ? entry.outcome : before.outcome;
    const row = {
      ...rowOfJob(job, folder),
      keeps_intent: job.record.intendedAtMs !== null,
      outcome: isOutcome ? JSON.stringify(outcome) : null,
    };
    const noted = calls.note({ index: plan.index, seq, job: row, claim, freesSlot: isOutcome });
    if ((await lastValueFrom(noted)) === 'claimed') throw takenByAnother({ id: claim ?? '' });
    jobs.set(plan.index, { job, seq, hasSlot: before.hasSlot && !isOutcome, outcome });
    const id = predictionIdOf(entry);
    if (id !== null) predictionIds.add(id);
  };

  const ask = (plan: Plan, entry: Intended, seq: number, priceMicroUsd: number | null) =>
    calls.begin({
      index: plan.index,
      seq,
      attempt: entry.attempt,
      key: plan.key,
      priceMicroUsd,
      request: entry.request === undefined ? null : JSON.stringify(entry.request),
      cancelAfterMs: entry.cancelAfterMs ?? null,
      holdMs,
    });
  const admit = async (plan: Plan, entry: Intended, signal: AbortSignal): Promise<void> => {
    const before = current(plan);
    const seq = before.seq + 1;
    const { reservedMicroUsd: priceMicroUsd = plan.priceMicroUsd } = entry;
    const asking = untilGranted(() => ask(plan, entry, seq, priceMicroUsd), signal, { random, scheduler });
    const turn = before.hasSlot ? asking : asking.pipe(gate(line));
    const admission = await lastValueFrom(turn, { defaultValue: null });
    if (admission === null) return;
    if (admission.verdict === 'budget') throw overBudget(entry.request?.model ?? plan.model, priceMicroUsd);
    if (admission.verdict === 'paused') throw paused(admission.reason);
    const job = applyEntry(before.job, entry, plan.priceMicroUsd);
    jobs.set(plan.index, { job, seq, hasSlot: true, outcome: null });
    if (!signal.aborted) return;
    // It was granted too late: nothing was sent, so nothing is held for it.
    await note(plan, { type: 'ended', attempt: entry.attempt, costMicroUsd: 0 });
    await release(plan.index);
  };
  const release = async (index: number): Promise<void> => {
    const known = jobs.get(index);
    if (known === undefined || !known.hasSlot) return;
    await lastValueFrom(calls.release(index, known.job.record.attempts));
    jobs.set(index, { ...known, hasSlot: false });
  };

  const stateOf = (index: number) => jobs.get(index)?.job.record;
  return {
    find: (index) => {
      const job = jobs.get(index)?.job;
      return job === undefined ? undefined : { index, ...job.record, openMicroUsd: job.openMicroUsd };
    },
    isSaved: (index) => stateOf(index)?.state === 'saved',
    openIndexes: () =>
      new Set([...jobs].filter(([, { job }]) => hasOpenAttempt(job.record)).map(([index]) => index)),
    knownPredictionIds: () => predictionIds,
    admits: true,
    record: (plan, entry) =>
      entry.type === 'intended'
        ? fromAbortable((signal) => inOrder(plan.index, () => admit(plan, entry, signal)))
        : defer(() => from(inOrder(plan.index, () => note(plan, entry)))),
    release: (index) => defer(() => from(inOrder(index, () => release(index)))),
    outcomeOf: (index) => jobs.get(index)?.outcome ?? null,
    openRowOf: (index) => {
      const job = jobs.get(index)?.job;
      if (job === undefined || !hasOpenAttempt(job.record)) return null;
      const { intendedAtMs } = job.record;
      const row = rowOfJob(job, folder);
      return intendedAtMs === null ? row : { ...row, intended_at_ms: Math.round(intendedAtMs - aheadMs) };
    },
    hasSlot: (index) => jobs.get(index)?.hasSlot ?? false,
    idle: () => defer(() => from(idle())).pipe(ignoreElements()),
    ...jobSums(() => [...jobs.values()].map(({ job }) => job)),
  };
}

function paused(reason: string): ProviderError {
  return new ProviderError('ERR_RUN_PAUSED', `The run is paused: ${reason}`, {
    stopsRun: true,
    suggestion: 'Remove the cause, then run the command that began it again.',
  });
}

function changedPlan(index: number): UsageError {
  return new UsageError(`The plan of job #${index + 1} differs from the plan that its part was begun with.`, {
    suggestion: 'Workers and the command that loads plans must have the same version of rxposure.',
  });
}
