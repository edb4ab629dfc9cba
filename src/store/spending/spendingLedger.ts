import { dayOf } from '../../base/text.ts';
import type { Ledger, Reservation } from '../../ports.ts';
import type { SpendingPeriod } from '../../types.ts';
import { type FolderAccount, type HeldPart, type JournalSums, openFolderAccount } from './folderAccount.ts';
import { openSpendingDatabase, type SpendingDatabase } from './spendingDatabase.ts';

/** The limits of everything that real runs on this machine spend, in millionths of a US dollar. */
export interface SpendingLimits {
  /** Of a day, by the clock of this machine. Default: no limit. */
  perDayMicroUsd?: number;
  /** Of a month, by the clock of this machine. Default: no limit. */
  perMonthMicroUsd?: number;
}

/** The account of all run folders of this machine, and its limits. */
export interface SpendingSettings extends SpendingLimits {
  /** Path of the database that all processes of this machine count in; made if there is none. */
  file: string;
}

/** A limit that is nearly reached. */
export interface SpendingWarning {
  readonly period: SpendingPeriod;
  readonly limitMicroUsd: number;
  readonly reservedMicroUsd: number;
  readonly spentMicroUsd: number;
}

export interface SpendingLedgerConfig extends SpendingSettings {
  /** The run folder, which this process has the lease of, and the inode of its `run.json`. */
  folder: { readonly path: string; readonly inode: string };
  /** Returns the sums of the folder's journal. */
  journal: () => JournalSums;
  /** Called once for each limit of which four fifths are spent and held. Default: no-op. */
  onWarning?: (warning: SpendingWarning) => void;
  /** The local clock, ms since 1970. Default Date.now. */
  now?: () => number;
}

/** The ledger of a run folder in the database of this machine. */
export interface SpendingLedger {
  readonly ledger: Ledger;
  /** Corrects the account by the journal, and closes the database. */
  close(): void;
}

const WARN_AT = 0.8;

/**
 * Opens a ledger whose limits hold over all run folders of this machine, and all processes that run
 * at once: money is reserved in one database, for the day on which it is reserved, and it counts
 * for that day once it is spent.
 *
 * Money of a process that was killed stays held, until its folder is opened again: then the journal
 * of the folder shows how much of it was paid. Throws `StorageError` if the database cannot be
 * used; a reservation throws it, too, if there is a limit. Once money may be paid, no error of the
 * database is thrown: the next comparison with the journal corrects the account.
 */
export function openSpendingLedger(config: SpendingLedgerConfig): SpendingLedger {
  const { file, folder, journal, now = Date.now } = config;
  const database = openSpendingDatabase(file);
  const today = () => dayOf(now());
  try {
    const account = database.write(() =>
      openFolderAccount(database, folder, { journal: journal(), day: today() }),
    );
    return {
      ledger: createLedgerOf(account, { database, today, config }),
      close: () => {
        try {
          database.write(() => account.settleWith(journal(), today()));
        } finally {
          database.close();
        }
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The database, clock and config of an open account's ledger. */
interface OpenAccount {
  readonly database: SpendingDatabase;
  /** Returns the day by the clock of this machine. */
  readonly today: () => string;
  readonly config: SpendingLedgerConfig;
}

function createLedgerOf(account: FolderAccount, { database, today, config }: OpenAccount): Ledger {
  const limits = limitsOf(config);
  const warn = createWarnings(limits, { database, config });
  const own = { heldMicroUsd: 0, spentMicroUsd: 0 };
  let refusedBy: SpendingPeriod | null = null;
  const reservationOf = (microUsd: number, parts: readonly HeldPart[]): Reservation => {
    own.heldMicroUsd += microUsd;
    let isOpen = true;
    const close = (actualMicroUsd: number): void => {
      if (!isOpen) return;
      isOpen = false;
      own.heldMicroUsd -= microUsd;
      own.spentMicroUsd += actualMicroUsd;
      settle(database, account.id, { parts, actualMicroUsd, day: today() });
    };
    return { microUsd, settle: close, release: () => close(0) };
  };
  /** Holds money; returns the time whose limit has no room for it. */
  const hold = (microUsd: number, day: string): SpendingPeriod | null =>
    database.write(() => {
      const full = limits.find(({ keyOf, limitMicroUsd }) => {
        const { spentMicroUsd, heldMicroUsd } = database.sumOf(keyOf(day));
        return spentMicroUsd + heldMicroUsd + microUsd > limitMicroUsd;
      });
      if (full !== undefined) return full.period;
      database.add(account.id, { day, spentMicroUsd: 0, heldMicroUsd: microUsd });
      return null;
    });
  return {
    get reservedMicroUsd() {
      return own.heldMicroUsd;
    },
    get spentMicroUsd() {
      return own.spentMicroUsd;
    },
    reserve(priceMicroUsd) {
      refusedBy = null;
      if (priceMicroUsd === null && limits.length > 0) return null;
      const microUsd = priceMicroUsd ?? 0;
      const day = today();
      try {
        refusedBy = hold(microUsd, day);
        if (refusedBy !== null) return null;
        warn(day);
        return reservationOf(microUsd, [{ day, microUsd }]);
      } catch (error) {
        if (limits.length > 0) throw error;
        // It is only counted: the comparison with the journal does so at the end.
        return reservationOf(microUsd, []);
      }
    },
    // It may be paid already, so it is never refused.
    resume: (microUsd) => reservationOf(microUsd, account.takeHeld(microUsd, today())),
    refusedBy: () => refusedBy,
  };
}

/** Creates a function that reports each limit once, when four fifths of it are spent or held. */
function createWarnings(
  limits: readonly Limit[],
  { database, config }: Pick<OpenAccount, 'database' | 'config'>,
): (day: string) => void {
  const { onWarning = () => {} } = config;
  const warned = new Set<SpendingPeriod>();
  return (day) => {
    for (const { period, keyOf, limitMicroUsd } of limits) {
      if (warned.has(period)) continue;
      const { spentMicroUsd, heldMicroUsd } = database.sumOf(keyOf(day));
      if (spentMicroUsd + heldMicroUsd < WARN_AT * limitMicroUsd) continue;
      warned.add(period);
      onWarning({ period, limitMicroUsd, reservedMicroUsd: heldMicroUsd, spentMicroUsd });
    }
  };
}

interface Settlement {
  readonly parts: readonly HeldPart[];
  readonly actualMicroUsd: number;
  /** Today, for money that was not held. */
  readonly day: string;
}

/** Frees held money, and books the paid part on the day for which it was held. */
function settle(
  database: SpendingDatabase,
  id: number,
  { parts, actualMicroUsd, day: today }: Settlement,
): void {
  try {
    database.write(() => {
      for (const { day, microUsd } of parts) {
        database.add(id, { day, spentMicroUsd: 0, heldMicroUsd: -microUsd });
      }
      const day = parts[0]?.day ?? today;
      database.add(id, { day, spentMicroUsd: actualMicroUsd, heldMicroUsd: 0 });
    });
  } catch {
    // It stays held; nothing that was paid may be lost because of it.
  }
}

interface Limit {
  readonly period: SpendingPeriod;
  readonly limitMicroUsd: number;
  /** Returns the period of a day. */
  readonly keyOf: (day: string) => string;
}

function limitsOf({ perDayMicroUsd, perMonthMicroUsd }: SpendingLimits): Limit[] {
  return [
    { period: 'day' as const, limitMicroUsd: perDayMicroUsd, keyOf: (day: string) => day },
    { period: 'month' as const, limitMicroUsd: perMonthMicroUsd, keyOf: (day: string) => day.slice(0, 7) },
  ].flatMap(({ limitMicroUsd, ...limit }) =>
    limitMicroUsd === undefined ? [] : [{ ...limit, limitMicroUsd }],
  );
}
