// Reserves 1 up to COUNT times in the ledger of this machine, for the folder NAME: prints the
// number of granted reservations, and waits to be killed. Half of the money is spent, whether the
// journal knows it or not.
import { openSpendingLedger } from '../../src/store/spending/spendingLedger.ts';

const [file = '', name = '', count = '', limit = ''] = process.argv.slice(2);
const { ledger } = openSpendingLedger({
  file,
  folder: { path: `/out/${name}`, inode: '1' },
  perMonthMicroUsd: Number(limit),
  now: () => new Date(2026, 10, 15).getTime(),
  journal: () => ({ spentMicroUsd: 0, openMicroUsd: 0 }),
});
let granted = 0;
for (let attempt = 0; attempt < Number(count); attempt += 1) {
  const reservation = ledger.reserve(1);
  if (reservation === null) continue;
  granted += 1;
  if (granted % 2 === 0) reservation.settle(1);
}
process.stdout.write(`${granted}\n`);
setInterval(() => {}, 1_000);
