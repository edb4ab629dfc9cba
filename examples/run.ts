// Runs all examples on the simulator and reports their results: `npm run examples`.
import { resolve } from 'node:path';
import { runExamples } from './runExamples.ts';

for await (const { command, folder, exitCode, elapsedMs, stderr } of runExamples({
  folder: resolve('out'),
})) {
  const seconds = (elapsedMs / 1_000).toFixed(1).padStart(5);
  process.stdout.write(
    `${exitCode === 0 ? 'ok    ' : 'FAILED'} ${seconds} s  npx tsx ${command}\n                 ${folder}\n`,
  );
  if (exitCode === 0) continue;
  process.exitCode = 1;
  process.stdout.write(`${stderr}\n`);
}
