import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dayOf } from '../../../src/base/text.ts';
import type { Reservation } from '../../../src/ports.ts';
import { loadSqlite } from '../../../src/store/journal/database.ts';
import type { JournalSums } from '../../../src/store/spending/folderAccount.ts';
import { readSpending } from '../../../src/store/spending/spendingDatabase.ts';
import {
  openSpendingLedger,
  type SpendingLedger,
  type SpendingLedgerConfig,
  type SpendingWarning,
} from '../../../src/store/spending/spendingLedger.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const DAY_MS = 86_400_000;
const noon = new Date(2026, 10, 15, 12).getTime();
let journal: JournalSums = { spentMicroUsd: 0, openMicroUsd: 0 };

function open(name: string, config: Partial<SpendingLedgerConfig> = {}): SpendingLedger {
  return openSpendingLedger({
    file: join(folder(), 'spending.sqlite'),
    folder: { path: join('/out', name), inode: '7' },
    journal: () => journal,
    now: () => noon,
    ...config,
  });
}

function sums(period = '2026-11') {
  const sum = readSpending(join(folder(), 'spending.sqlite'), (database) => database.sumOf(period));
  return [sum?.spentMicroUsd, sum?.heldMicroUsd];
}

/** Ends a ledger as a kill does: nothing of it is compared with the journal. */
const kill = (_ledger: SpendingLedger) => {};

it('keeps the money of all folders below the limits of a day and a month', () => {
  journal = { spentMicroUsd: 0, openMicroUsd: 0 };
  let now = noon;
  const limits = { perDayMicroUsd: 10, perMonthMicroUsd: 15, now: () => now };
  const [one, other] = [open('one', limits).ledger, open('other', limits).ledger];
  const first = one.reserve(6);
  expect(other.reserve(5)).toBeNull();
  expect(other.refusedBy?.()).toBe('day');
  expect(other.reserve(4)).not.toBeNull();
  first?.settle(5);
  expect(sums()).toEqual([5, 4]);
  now += DAY_MS;
  expect(one.reserve(7)).toBeNull();
  expect(one.refusedBy?.()).toBe('month');
  expect(one.reserve(6)).not.toBeNull();
  expect(sums('2026-11-15')).toEqual([5, 4]);
  expect(sums('2026-11-16')).toEqual([0, 6]);
  now = new Date(2026, 11, 1).getTime();
  expect(one.reserve(10)).not.toBeNull();
  expect(one.reserve(null)).toBeNull();
  expect(sums('2026-12')).toEqual([0, 10]);
});

it('warns once when four fifths of a limit are spent or held', () => {
  journal = { spentMicroUsd: 0, openMicroUsd: 0 };
  const warnings: SpendingWarning[] = [];
  const { ledger } = open('one', { perMonthMicroUsd: 10, onWarning: (warning) => warnings.push(warning) });
  for (let count = 0; count < 5; count += 1) ledger.reserve(2)?.settle(2);
  const at = { reservedMicroUsd: 2, spentMicroUsd: 6 };
  expect(warnings).toEqual([{ period: 'month', limitMicroUsd: 10, ...at }]);
});

it('holds the money of a killed run until its folder reports the payments', () => {
  journal = { spentMicroUsd: 0, openMicroUsd: 0 };
  const killed = open('killed');
  for (const price of [2, 2, 2]) killed.ledger.reserve(price);
  kill(killed);
  const other = open('other', { perMonthMicroUsd: 7 });
  expect(other.ledger.reserve(2)).toBeNull();
  expect(sums()).toEqual([0, 6]);
  // One was paid, one is open at the service, of the third nothing was sent.
  journal = { spentMicroUsd: 2, openMicroUsd: 2 };
  const again = open('killed');
  expect(sums()).toEqual([2, 2]);
  again.ledger.resume?.(2)?.settle(2);
  expect(sums()).toEqual([4, 0]);
  journal = { spentMicroUsd: 4, openMicroUsd: 0 };
  again.close();
  expect(sums()).toEqual([4, 0]);
});

it('counts money once that was settled just before its entry in the journal', () => {
  journal = { spentMicroUsd: 0, openMicroUsd: 0 };
  const killed = open('killed');
  killed.ledger.reserve(3)?.settle(3);
  kill(killed);
  journal = { spentMicroUsd: 0, openMicroUsd: 3 };
  const again = open('killed');
  expect(sums()).toEqual([0, 3]);
  again.ledger.resume?.(3)?.settle(3);
  expect(sums()).toEqual([3, 0]);
});

it('gives nothing back for a deleted folder, and counts no earlier money of a folder that it finds', () => {
  journal = { spentMicroUsd: 100, openMicroUsd: 1 };
  const met = open('one');
  met.ledger.reserve(5)?.settle(5);
  journal = { spentMicroUsd: 105, openMicroUsd: 1 };
  met.close();
  expect(sums()).toEqual([5, 1]);
  journal = { spentMicroUsd: 0, openMicroUsd: 0 };
  open('one').close();
  expect(sums()).toEqual([5, 0]);
  journal = { spentMicroUsd: 50, openMicroUsd: 0 };
  open('one', { folder: { path: '/out/one', inode: '8' } }).close();
  expect(sums()).toEqual([5, 0]);
});

it('adopts the sum of the journal at the end: costs may have been corrected', () => {
  journal = { spentMicroUsd: 0, openMicroUsd: 0 };
  const run = open('one');
  run.ledger.reserve(9)?.settle(9);
  run.ledger.reserve(4);
  // The service billed less for the first; the second is lost, and may be paid.
  journal = { spentMicroUsd: 6, openMicroUsd: 4 };
  run.close();
  expect(sums()).toEqual([6, 4]);
});

it('throws if a limit cannot be kept, never once money may be paid, and never without a limit', () => {
  journal = { spentMicroUsd: 0, openMicroUsd: 0 };
  const [limited, counted] = [open('limited', { perDayMicroUsd: 10 }), open('counted')];
  const [paid, other] = [limited.ledger.reserve(2), counted.ledger.reserve(3)];
  // The table is gone, as on a disk that refuses.
  const database = new (loadSqlite().DatabaseSync)(join(folder(), 'spending.sqlite'));
  database.exec('ALTER TABLE entry RENAME TO away');
  expect(() => limited.ledger.reserve(2)).toThrow('Cannot count the spending of this machine');
  expect(counted.ledger.reserve(2)).not.toBeNull();
  expect(limited.ledger.resume?.(2)).not.toBeNull();
  for (const one of [paid, other]) expect(() => one?.settle(1)).not.toThrow();
  database.exec('ALTER TABLE away RENAME TO entry');
  database.close();
  journal = { spentMicroUsd: 1, openMicroUsd: 0 };
  limited.close();
  counted.close();
  expect(sums()).toEqual([2, 0]);
});

/** One run folder: the money in its journal, and the reservations of its open run. */
class Run {
  readonly name: string;
  spent = 0;
  opened: SpendingLedger | null = null;
  reservations: { readonly price: number; readonly reservation: Reservation; wasSent: boolean }[] = [];
  /** Prices of attempts that the journal has as open, and no reservation of this run. */
  left: number[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get journal(): JournalSums {
    const open = [
      ...this.left,
      ...this.reservations.filter(({ wasSent }) => wasSent).map(({ price }) => price),
    ];
    return { spentMicroUsd: this.spent, openMicroUsd: open.reduce((sum, price) => sum + price, 0) };
  }
}

const step = fc.oneof(
  fc.record({
    type: fc.constant('reserve' as const),
    run: fc.nat(2),
    price: fc.integer({ min: 1, max: 9 }),
    sent: fc.boolean(),
  }),
  fc.record({ type: fc.constant('end' as const), run: fc.nat(2), cost: fc.nat(9) }),
  fc.record({ type: fc.constant('kill' as const), run: fc.nat(2), settled: fc.boolean() }),
  fc.record({ type: fc.constant('close' as const), run: fc.nat(2) }),
  fc.record({ type: fc.constant('tomorrow' as const) }),
);

it('never reserves beyond a limit, and agrees with the journals in the end', () => {
  let number = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      number += 1;
      const file = join(folder(), `${number}.sqlite`);
      const limits = { perDayMicroUsd: 20, perMonthMicroUsd: 40 };
      let nowMs = noon;
      const runs = ['a', 'b', 'c'].map((name) => new Run(name));
      const opened = (run: Run): SpendingLedger => {
        run.opened ??= open(run.name, { ...limits, file, now: () => nowMs, journal: () => run.journal });
        return run.opened;
      };
      const total = (period: string) => readSpending(file, (database) => database.sumOf(period));
      for (const one of steps) {
        if (one.type === 'tomorrow') nowMs += DAY_MS;
        if (one.type === 'tomorrow') continue;
        const run = runs[one.run];
        if (run === undefined) continue;
        const { ledger } = opened(run);
        if (one.type === 'reserve') {
          const reservation = ledger.reserve(one.price);
          const day = dayOf(nowMs);
          const [today, month] = [total(day), total(day.slice(0, 7))].map(
            (sum) => (sum?.spentMicroUsd ?? 0) + (sum?.heldMicroUsd ?? 0),
          );
          if (reservation !== null) expect([(today ?? 0) <= 20, (month ?? 0) <= 40]).toEqual([true, true]);
          if (reservation === null) {
            const isFull = (today ?? 0) + one.price > 20 || (month ?? 0) + one.price > 40;
            expect(isFull).toBe(true);
          } else run.reservations.push({ price: one.price, reservation, wasSent: one.sent });
        } else if (one.type === 'end') {
          const [first] = run.reservations.splice(0, 1);
          const cost = Math.min(one.cost, first?.price ?? 0);
          first?.reservation.settle(cost);
          if (first !== undefined) run.spent += cost;
        } else {
          // In the end the journal has the open attempts; a kill may come before its entry.
          const [first] = run.reservations;
          if (one.type === 'kill' && one.settled && first?.wasSent === true)
            first.reservation.settle(first.price);
          run.left.push(...run.reservations.filter(({ wasSent }) => wasSent).map(({ price }) => price));
          run.reservations = [];
          if (one.type === 'close') run.opened?.close();
          run.opened = null;
          // The next run resumes these attempts, and pays for them.
          const next = opened(run).ledger;
          const left = run.left.splice(0);
          const resumed = left.map((price) => ({ price, reservation: next.resume?.(price) }));
          for (const { price, reservation } of resumed) {
            reservation?.settle(price);
            run.spent += price;
          }
        }
      }
      for (const run of runs) {
        for (const { reservation } of run.reservations.splice(0)) reservation.release();
        opened(run).close();
      }
      const whole = total('2026');
      const spent = runs.reduce((sum, run) => sum + run.spent, 0);
      expect([whole?.spentMicroUsd ?? 0, whole?.heldMicroUsd ?? 0]).toEqual([spent, 0]);
    }),
    { numRuns: 40 },
  );
});
