// Runs worlds one after the other, and reports each as a line of JSON: started by `run.ts`.
import './setUp.ts';
import type { Work, WorldLine } from './report.ts';
import type { WorldConfig } from './world/worldConfig.ts';

const { drawWorld } = await import('./world/drawWorld.ts');
const { runWorld } = await import('./world/runWorld.ts');
const { worldsOfStates } = await import('./powercut/cutWorlds.ts');
const { describeShrunk, shrinkWorld } = await import('./shrink.ts');
// Loaded before time is virtual: a module comes from a real disk.
for (const name of ['replicate', 'file-type', 'got', 'sharp', 'cacache', 'node-sqlite3-wasm'])
  await import(name);

const { seeds, states, configs, crashes, first, step, count, untilMs, shrinks, keepsLog }: Work = JSON.parse(
  process.argv[2] ?? '{}',
);
// A stack for each of the many errors that worlds are full of is a tenth of all time.
if (!keepsLog) Error.stackTraceLimit = 0;
let shrinksLeft = shrinks;
const print = (line: WorldLine) =>
  new Promise<void>((resolve) => process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve()));

async function* worlds(): AsyncGenerator<WorldConfig> {
  if (states !== undefined) yield* worldsOfStates(states);
  if (configs !== undefined) yield* configs;
  const isDrawn = states === undefined && configs === undefined;
  const all = seeds ?? Array.from({ length: isDrawn ? count : 0 }, (_, n) => first + n * step);
  for (const seed of all) {
    const drawn = drawWorld(seed);
    yield crashes === undefined ? drawn : { ...drawn, crashes };
  }
}

for await (const config of worlds()) {
  if (Date.now() >= untilMs) break;
  const report = await runWorld(config, { keepsLog });
  const { problems, contacts, made, virtualMs, log } = report;
  let history: string | null = keepsLog ? log.join('\n') : null;
  if (problems.length > 0 && shrinksLeft > 0) {
    shrinksLeft -= 1;
    history = `${history ?? ''}\n${describeShrunk(await shrinkWorld(report))}`.trim();
  }
  const { seed, level } = config;
  await print({ seed, level, problems, crashes: report.crashes, contacts, made, virtualMs, history });
}
