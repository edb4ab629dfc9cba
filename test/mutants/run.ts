// Changes originals of every format again and again, and counts their ends:
// `npm run mutate -- --count 2000`. A minute or two.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sharedImageMemory } from '../../src/images/imageMemory.ts';
import { originals } from '../helpers/originals.ts';
import { openJudge } from './judge.ts';
import { mutants } from './mutate.ts';
import { watchMemory } from './watchMemory.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '2000' }, seed: { type: 'string', default: '1' } },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
const print = (line: string) => process.stdout.write(`${line}\n`);

const folder = await mkdtemp(join(tmpdir(), 'rxposure-mutants-'));
const { judge, close } = await openJudge(folder);
const ends = new Map<string, Map<string, number>>();
const problems: string[] = [];
const startedAtMs = performance.now();
const memory = watchMemory();
let number = 0;
for (const mutant of mutants(await originals(), seed)) {
  if (number === count) break;
  const { end, problems: found } = await judge(mutant, number);
  const row = ends.get(mutant.format) ?? new Map<string, number>();
  ends.set(mutant.format, row.set(end, (row.get(end) ?? 0) + 1));
  problems.push(...found);
  for (const problem of found) print(problem);
  number += 1;
}
for (const [format, row] of ends) {
  print(`${format.padEnd(6)}${[...row].map(([end, times]) => `${end} ${times}`).join(', ')}`);
}
close();
const { grownMb } = memory.stop();
const budgetMb = sharedImageMemory().budgetBytes / 1e6;
if (grownMb > budgetMb) problems.push(`took ${grownMb} MB, more than the ${budgetMb} MB for images`);
const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(0);
print(`\n${count} mutants, seed ${seed}: ${seconds} s, ${grownMb} MB at most; ${problems.length} problems`);
await rm(folder, { recursive: true, force: true });
process.exitCode = problems.length === 0 ? 0 : 1;
