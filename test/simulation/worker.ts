// Runs worlds one after the other, and reports each as a line of JSON: started by `run.ts`.
import './setUp.ts';
import type { Work, WorldLine } from './report.ts';

const { drawWorld } = await import('./world/worldConfig.ts');
const { runWorld } = await import('./world/runWorld.ts');
const { describeShrunk, shrinkWorld } = await import('./shrink.ts');
// Loaded before time is virtual: a module comes from a real disk.
for (const name of ['fs-extra/esm', 'replicate', 'file-type', 'got']) await import(name);

const { seeds, first, step, count, untilMs, shrinks, keepsLog }: Work = JSON.parse(process.argv[2] ?? '{}');
// A stack for each of the many errors that worlds are full of is a tenth of all time.
if (!keepsLog) Error.stackTraceLimit = 0;
let shrinksLeft = shrinks;
const print = (line: WorldLine) =>
  new Promise<void>((resolve) => process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve()));

const all = seeds ?? Array.from({ length: count }, (_, number) => first + number * step);
for (const seed of all) {
  if (Date.now() >= untilMs) break;
  const report = await runWorld(drawWorld(seed), { keepsLog });
  const { problems, crashes, contacts, made, virtualMs, config, log } = report;
  let history: string | null = keepsLog ? log.join('\n') : null;
  if (problems.length > 0 && shrinksLeft > 0) {
    shrinksLeft -= 1;
    history = `${history ?? ''}\n${describeShrunk(await shrinkWorld(report))}`.trim();
  }
  await print({ seed, level: config.level, problems, crashes, contacts, made, virtualMs, history });
}
