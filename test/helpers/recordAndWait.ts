// Run by a test as a process of its own: records, reports it on stdout, and waits to be killed.
import { forkJoin } from 'rxjs';
import { openJournal } from '../../src/store/journal/journal.ts';
import { aPlan, created, intended } from './aPlan.ts';

const [folder = ''] = process.argv.slice(2);
const journal = openJournal(folder);
const entries = Array.from({ length: 50 }, (_, index) => {
  const plan = aPlan({ index });
  return [journal.record(plan, intended()), journal.record(plan, created(`p${index}`))];
});
forkJoin(entries.flat()).subscribe(() => process.stdout.write('recorded\n'));
// Stays alive while the test holds the other end, and no longer: a failed test leaves no process
// behind.
process.stdin.resume();
