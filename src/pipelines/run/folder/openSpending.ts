import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { monotonicScheduler, wallNow } from '../../../base/monotonicScheduler.ts';
import { isSimulated } from '../../../base/service.ts';
import { messageOf } from '../../../base/text.ts';
import { StorageError, UsageError } from '../../../errors.ts';
import type { Ledger } from '../../../ports.ts';
import type { JournalSums } from '../../../store/spending/folderAccount.ts';
import { openSpendingLedger } from '../../../store/spending/spendingLedger.ts';
import { openInFolder, spentInFolder } from '../closing/budgetUse.ts';
import type { RunSettings } from '../settings.ts';
import type { Closers } from './closers.ts';
import type { FolderFiles } from './openFolder.ts';

/**
 * Opens the ledger of all runs of this machine for a run folder that is open; null for a simulated
 * run, which spends nothing, and for one that is not counted. Without limits, a database that
 * cannot be used is only a warning. Rejects with `UsageError` if there are limits that cannot be
 * kept.
 */
export async function openSpending(
  settings: RunSettings,
  { service, journal, ratings }: Pick<FolderFiles, 'service' | 'journal' | 'ratings'>,
  closers: Closers,
): Promise<Ledger | null> {
  const { spending, folder, emit = () => {}, scheduler = monotonicScheduler } = settings;
  if (spending === undefined || isSimulated(service)) return null;
  const sums = (): JournalSums => ({
    spentMicroUsd: spentInFolder({ journal, ratings }),
    openMicroUsd: openInFolder({ journal, ratings }),
  });
  const warn = (error: unknown) => emit({ type: 'warning', message: `${messageOf(error)}.` });
  try {
    const { ino } = await stat(join(folder, 'run.json'), { bigint: true });
    const opened = openSpendingLedger({
      ...spending,
      folder: { path: resolve(folder), inode: String(ino) },
      journal: sums,
      onWarning: (warning) => emit({ type: 'budget.warning', ...warning }),
      now: () => wallNow(scheduler),
    });
    // The next run in this folder corrects entries that are not corrected now.
    closers.add(() => {
      try {
        opened.close();
      } catch (error) {
        warn(error);
      }
    });
    return opened.ledger;
  } catch (error) {
    const { perDayMicroUsd, perMonthMicroUsd } = spending;
    if (perDayMicroUsd !== undefined || perMonthMicroUsd !== undefined) throw cannotKeep(error);
    warn(error);
    return null;
  }
}

function cannotKeep(cause: unknown): unknown {
  if (!(cause instanceof StorageError)) return cause;
  return new UsageError(cause.message, { suggestion: cause.suggestion, cause });
}
