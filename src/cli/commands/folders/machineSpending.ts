import { formatUsd } from '../../../base/text.ts';
import type { PeriodSpending } from '../../../store/spending/spendingDatabase.ts';
import { columns, plainText } from '../../display/text.ts';
import type { MachineSpending } from '../../flags/spendingLimits.ts';

/** The limits that apply, in millionths of a US dollar; null for none. */
export interface ShownLimits {
  readonly perDayMicroUsd: number | null;
  readonly perMonthMicroUsd: number | null;
}

/** Returns the table of the spending that counts for the limits of a day and a month. */
export function machineLines(
  { day, month, holders }: MachineSpending,
  { perDayMicroUsd, perMonthMicroUsd }: ShownLimits,
): string[] {
  const row = ({ period, spentMicroUsd, heldMicroUsd }: PeriodSpending, limit: number | null) => [
    period,
    ...[spentMicroUsd, heldMicroUsd].map(formatUsd),
    limit === null ? 'none' : formatUsd(limit),
  ];
  const head = ['all real runs of this machine', 'spent', 'held', 'limit'];
  const table = columns([head, row(day, perDayMicroUsd), row(month, perMonthMicroUsd)]);
  const held = holders.map(({ path, heldMicroUsd }) => `  ${formatUsd(heldMicroUsd)} ${plainText(path)}`);
  return held.length === 0
    ? table
    : [...table, '', 'Held by runs in progress, and by killed ones until you run them again:', ...held];
}

/** Returns the same for programs; amounts in dollars. */
export function machineJson(
  { day, month, holders }: MachineSpending,
  { perDayMicroUsd, perMonthMicroUsd }: ShownLimits,
): object {
  const usd = (microUsd: number) => microUsd / 1_000_000;
  const period = ({ period, spentMicroUsd, heldMicroUsd }: PeriodSpending, limit: number | null) => ({
    ...{ period, spentUsd: usd(spentMicroUsd), heldUsd: usd(heldMicroUsd) },
    limitUsd: limit === null ? null : usd(limit),
  });
  return {
    day: period(day, perDayMicroUsd),
    month: period(month, perMonthMicroUsd),
    holders: holders.map(({ path, heldMicroUsd }) => ({ folder: path, heldUsd: usd(heldMicroUsd) })),
  };
}
