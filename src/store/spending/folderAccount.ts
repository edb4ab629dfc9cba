import type { SpendingDatabase, SpendingEntry } from './spendingDatabase.ts';

/** The sums of a folder's journal. */
export interface JournalSums {
  /** Everything paid in the folder so far. */
  readonly spentMicroUsd: number;
  /** The expected price of attempts that are open, and may be paid. */
  readonly openMicroUsd: number;
}

/** The account of one run folder, for the process that has its lease. */
export interface FolderAccount {
  readonly id: number;
  /** Money that earlier runs hold for attempts that are still open; taken by `takeHeld`. */
  takeHeld(microUsd: number, day: string): readonly HeldPart[];
  /**
   * Compares the account with the journal once the run is over, and corrects it. Call it in a
   * write.
   */
  settleWith(journal: JournalSums, day: string): void;
}

/** Money that is held, with the day that it counts for. */
export interface HeldPart {
  readonly day: string;
  readonly microUsd: number;
}

/**
 * Opens the account of a folder, and corrects it by the folder's journal: a run that was killed
 * holds the money of attempts that it had begun. Money that the journal has as paid since then is
 * spent, money of open attempts stays held, the rest is free again. `inode` distinguishes the
 * folder from another one that was at its path before. Call it in a write.
 *
 *     held 6 by a killed run; the journal has paid 1 more, open 2   ->   spent +1, held 2
 *
 * A folder that the database does not know is taken as it is: its spending until then is not
 * counted. A journal that has fewer payments than before gives back only the money that is open in
 * it.
 */
export function openFolderAccount(
  database: SpendingDatabase,
  folder: { readonly path: string; readonly inode: string },
  { journal, day }: { readonly journal: JournalSums; readonly day: string },
): FolderAccount {
  const { path, inode } = folder;
  const find = 'SELECT * FROM folder WHERE path = ? AND inode = ?';
  const known = database.get(find, path, inode);
  if (known === undefined) {
    const add = 'INSERT INTO folder (path, inode, journal_micro_usd, spent_micro_usd) VALUES (?, ?, ?, 0)';
    database.run(add, path, inode, journal.spentMicroUsd);
  }
  const row = known ?? database.get(find, path, inode) ?? {};
  const id = Number(row.id);
  const before = sumOf(database.entries(id));
  const paidSince = journal.spentMicroUsd - Number(row.journal_micro_usd);
  const wanted = Number(row.spent_micro_usd) + paidSince;
  // The process may have ended after the account was settled, before the journal had the entry.
  const least = before.spentMicroUsd - journal.openMicroUsd;
  correctSpent(database, id, { toMicroUsd: Math.max(wanted, least), day });
  correctHeld(database, id, { toMicroUsd: journal.openMicroUsd, day });
  const opened = note(database, id, journal);
  const held = database
    .entries(id)
    .map(({ day: since, heldMicroUsd }) => ({ day: since, left: heldMicroUsd }));
  return {
    id,
    takeHeld(microUsd, today) {
      let missing = microUsd;
      const parts: HeldPart[] = [];
      for (const one of held) {
        const taken = Math.min(one.left, missing);
        if (taken === 0) continue;
        one.left -= taken;
        missing -= taken;
        parts.push({ day: one.day, microUsd: taken });
      }
      if (missing > 0 && hold(database, id, { day: today, microUsd: missing })) {
        parts.push({ day: today, microUsd: missing });
      }
      return parts;
    },
    settleWith(now, today) {
      const toMicroUsd = opened + now.spentMicroUsd - journal.spentMicroUsd;
      correctSpent(database, id, { toMicroUsd, day: today });
      correctHeld(database, id, { toMicroUsd: now.openMicroUsd, day: today });
      note(database, id, now);
    },
  };
}

/** Holds money for attempts that may be paid already; returns false if the database refuses. */
function hold(database: SpendingDatabase, id: number, { day, microUsd }: HeldPart): boolean {
  try {
    database.write(() => database.add(id, { day, spentMicroUsd: 0, heldMicroUsd: microUsd }));
    return true;
  } catch {
    return false;
  }
}

/** Notes the journal's sums now; returns the money that the account has spent. */
function note(database: SpendingDatabase, id: number, { spentMicroUsd }: JournalSums): number {
  const spent = sumOf(database.entries(id)).spentMicroUsd;
  const set = 'UPDATE folder SET journal_micro_usd = ?, spent_micro_usd = ? WHERE id = ?';
  database.run(set, spentMicroUsd, spent, id);
  return spent;
}

interface Correction {
  /** The sum that all days of the folder are to have. */
  readonly toMicroUsd: number;
  /** Today. */
  readonly day: string;
}

/**
 * Books further money on the last day that holds some, else today; takes back from the last days.
 */
function correctSpent(database: SpendingDatabase, id: number, { toMicroUsd, day }: Correction): void {
  const entries = database.entries(id);
  const change = toMicroUsd - sumOf(entries).spentMicroUsd;
  const holding = entries.findLast(({ heldMicroUsd }) => heldMicroUsd > 0)?.day ?? day;
  if (change > 0) database.add(id, { day: holding, spentMicroUsd: change, heldMicroUsd: 0 });
  let left = -change;
  for (const { day: spentOn, spentMicroUsd } of entries.toReversed()) {
    const part = Math.min(left, spentMicroUsd);
    if (part <= 0) continue;
    left -= part;
    database.add(id, { day: spentOn, spentMicroUsd: -part, heldMicroUsd: 0 });
  }
}

/** Holds further money today; frees that of the last days first. */
function correctHeld(database: SpendingDatabase, id: number, { toMicroUsd, day }: Correction): void {
  const entries = database.entries(id);
  const change = toMicroUsd - sumOf(entries).heldMicroUsd;
  if (change > 0) database.add(id, { day, spentMicroUsd: 0, heldMicroUsd: change });
  let left = -change;
  for (const { day: heldSince, heldMicroUsd } of entries.toReversed()) {
    const part = Math.min(left, heldMicroUsd);
    if (part <= 0) continue;
    left -= part;
    database.add(id, { day: heldSince, spentMicroUsd: 0, heldMicroUsd: -part });
  }
}

function sumOf(entries: readonly SpendingEntry[]): Omit<SpendingEntry, 'day'> {
  let [spentMicroUsd, heldMicroUsd] = [0, 0];
  for (const entry of entries) {
    spentMicroUsd += entry.spentMicroUsd;
    heldMicroUsd += entry.heldMicroUsd;
  }
  return { spentMicroUsd, heldMicroUsd };
}
