import { dayOf } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import type { RunSettings } from '../../pipelines/run/settings.ts';
import { spendingFile } from '../../store/cacheFolder.ts';
import {
  type PeriodSpending,
  readSpending,
  type SpendingDatabase,
} from '../../store/spending/spendingDatabase.ts';
import type { SpendingPeriod } from '../../types.ts';
import type { Flags } from './flags.ts';

/** A limit for all runs of this machine. */
export interface SpendingLimit {
  readonly period: SpendingPeriod;
  readonly limitMicroUsd: number;
  /** What is neither spent nor held; below 0 if more was spent. */
  readonly leftMicroUsd: number;
}

type Limits = Pick<Flags, 'budgetPerDayMicroUsd' | 'budgetPerMonthMicroUsd'>;
type Env = Readonly<Record<string, string | undefined>>;

/** Returns true if the flags set a limit for what is spent: then each price must be known. */
export function hasBudget(flags: Limits & Pick<Flags, 'budgetMicroUsd'>): boolean {
  const { budgetMicroUsd, budgetPerDayMicroUsd, budgetPerMonthMicroUsd } = flags;
  return [budgetMicroUsd, budgetPerDayMicroUsd, budgetPerMonthMicroUsd].some((limit) => limit !== null);
}

/**
 * Returns the account of all runs of this machine, and its limits. Throws `UsageError` if there are
 * limits, but no folder to count in.
 */
export function spendingSettings(
  { budgetPerDayMicroUsd, budgetPerMonthMicroUsd }: Limits,
  env: Env,
): Pick<RunSettings, 'spending'> {
  const file = spendingFile(env);
  const limits = {
    ...(budgetPerDayMicroUsd === null ? {} : { perDayMicroUsd: budgetPerDayMicroUsd }),
    ...(budgetPerMonthMicroUsd === null ? {} : { perMonthMicroUsd: budgetPerMonthMicroUsd }),
  };
  if (file !== null) return { spending: { file, ...limits } };
  if (Object.keys(limits).length === 0) return {};
  throw new UsageError('There is no folder to count in what this machine spends: the user has no home.', {
    suggestion: 'Set XDG_CACHE_HOME to an absolute path.',
  });
}

/** Everything that real runs on this machine have spent, and hold for what may be paid. */
export interface MachineSpending {
  readonly day: PeriodSpending;
  readonly month: PeriodSpending;
  /** The folders that hold money in this month: of runs in progress, or killed. */
  readonly holders: ReturnType<SpendingDatabase['holders']>;
}

/** Reads what this machine has spent today and in this month; null if it has counted nothing. */
export function machineSpending(file: string, nowMs = Date.now()): MachineSpending | null {
  const day = dayOf(nowMs);
  const month = day.slice(0, 7);
  return readSpending(file, (database) => ({
    day: database.sumOf(day),
    month: database.sumOf(month),
    holders: database.holders(month),
  }));
}

const nothing = { spentMicroUsd: 0, heldMicroUsd: 0 };

/** Returns the limits of a real run, and what is left of them, for its plan. */
export function limitsLeft(
  { budgetPerDayMicroUsd, budgetPerMonthMicroUsd, simulateSpeed }: Limits & Pick<Flags, 'simulateSpeed'>,
  env: Env,
): SpendingLimit[] {
  const file = spendingFile(env);
  if (file === null || simulateSpeed !== null) return [];
  if (budgetPerDayMicroUsd === null && budgetPerMonthMicroUsd === null) return [];
  const { day, month } = machineSpending(file) ?? { day: nothing, month: nothing };
  return [
    { period: 'day' as const, limitMicroUsd: budgetPerDayMicroUsd, sums: day },
    { period: 'month' as const, limitMicroUsd: budgetPerMonthMicroUsd, sums: month },
  ].flatMap(({ period, limitMicroUsd, sums }) => {
    if (limitMicroUsd === null) return [];
    const leftMicroUsd = limitMicroUsd - sums.spentMicroUsd - sums.heldMicroUsd;
    return [{ period, limitMicroUsd, leftMicroUsd }];
  });
}
