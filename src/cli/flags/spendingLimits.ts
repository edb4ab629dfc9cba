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
  /** The part of the limit that is neither spent nor held; below 0 if more was spent. */
  readonly leftMicroUsd: number;
}

type Limits = Pick<Flags, 'budgetPerDayMicroUsd' | 'budgetPerMonthMicroUsd'>;
type Env = Readonly<Record<string, string | undefined>>;

/** Returns true if the flags limit the money to spend: then each price must be known. */
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
  throw new UsageError('There is no folder to count the spending of this machine in: the user has no home.', {
    suggestion: 'Set XDG_CACHE_HOME to an absolute path.',
  });
}

/** The money that all real runs on this machine have spent, or hold for payments to come. */
export interface MachineSpending {
  readonly day: PeriodSpending;
  readonly month: PeriodSpending;
  /** The folders that hold money in this month: of runs in progress, or killed. */
  readonly holders: ReturnType<SpendingDatabase['holders']>;
}

/** Reads the spending of this machine today and in this month; null if it has counted nothing. */
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

/** Returns the limits of a real run, and the money left of them, for its plan. */
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
