import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { JournalSums } from '../../../src/store/spending/folderAccount.ts';
import { readSpending } from '../../../src/store/spending/spendingDatabase.ts';
import { openSpendingLedger } from '../../../src/store/spending/spendingLedger.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const LIMIT = 300;

/** Starts a process that reserves money; resolves with its granted reservations. */
async function start(file: string, name: string) {
  const words = [resolve('test/helpers/reserveMoney.ts'), file, name, '250', String(LIMIT)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = await once(child.stdout, 'data');
  return { child, granted: Number(text) };
}

it('keeps one limit over two processes at once, and the money that they hold when they are killed', async () => {
  const file = join(folder(), 'spending.sqlite');
  const processes = await Promise.all([start(file, 'one'), start(file, 'other')]);
  const [one = 0, other = 0] = processes.map(({ granted }) => granted);
  expect(one + other).toBe(LIMIT);
  for (const { child } of processes) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const month = '2026-11';
  const sums = () => {
    const sum = readSpending(file, (database) => database.sumOf(month));
    return [sum?.spentMicroUsd, sum?.heldMicroUsd];
  };
  const spent = Math.floor(one / 2) + Math.floor(other / 2);
  expect(sums()).toEqual([spent, LIMIT - spent]);
  const holders = readSpending(file, (database) => database.holders(month).map(({ path }) => path));
  expect(holders?.toSorted()).toEqual(['/out/one', '/out/other']);
  // In the journal of one of them, 2 more were paid, and 3 are open.
  const journal: JournalSums = { spentMicroUsd: Math.floor(one / 2) + 2, openMicroUsd: 3 };
  const again = openSpendingLedger({
    ...{ file, folder: { path: '/out/one', inode: '1' }, journal: () => journal },
    perMonthMicroUsd: LIMIT,
    now: () => new Date(2026, 10, 15).getTime(),
  });
  const held = Math.ceil(other / 2) + 3;
  expect(sums()).toEqual([spent + 2, held]);
  // The freed money is exactly the room in the limit.
  const free = LIMIT - spent - 2 - held;
  expect(again.ledger.reserve(free + 1)).toBeNull();
  expect(again.ledger.reserve(free)).not.toBeNull();
});
