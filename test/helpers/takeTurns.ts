// Run by a test as a process of its own: takes a lease again and again, and notes when two
// processes have it at the same time.
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { takeLease } from '../../src/disk/lease/takeLease.ts';

const [folder = '', rounds = '', ending = ''] = process.argv.slice(2);
const inside = join(folder, 'inside');
for (let round = 0; round < Number(rounds); round += 1) {
  const lease = await firstValueFrom(takeLease(join(folder, 'run.lock'), { lookEveryMs: 1 }));
  // Fails if another process is inside.
  mkdirSync(inside);
  lease.check();
  await new Promise((resolve) => setTimeout(resolve, 1));
  rmdirSync(inside);
  if (ending === 'killed' && round === Number(rounds) - 1) process.kill(process.pid, 'SIGKILL');
  lease.release();
}
