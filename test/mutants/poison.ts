// Runs a batch whose service gives five poisons among its images, and measures its memory, the
// decoding process included: `npm run poison -- --prompts 100`. Linux, half a minute. To see it
// under a limit, start it in a container or a scope with one.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { imageBudgetBytes } from '../../src/images/imageMemory.ts';
import { startSimulator } from '../../src/simulator/index.ts';
import type { Outcome } from '../../src/types.ts';
import { startGenerate } from '../chaos/startGenerate.ts';
import { poisons } from '../helpers/poisons.ts';

const { values } = parseArgs({
  options: {
    prompts: { type: 'string', default: '100' },
    rendition: { type: 'string', default: 'large=2000x2000,cover,jpeg' },
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const folder = await mkdtemp(join(tmpdir(), 'rxposure-poison-'));
const prompts = Array.from({ length: Number(values.prompts) }, (_, n) => `A pear, number ${n}`);
await writeFile(join(folder, 'prompts.txt'), prompts.join('\n'));
const given = await poisons();
const every = Math.floor(prompts.length / given.length);
const simulator = await startSimulator({
  render: 'fast',
  speed: 100,
  faults: {
    onFile: ({ input }) => {
      const number = prompts.indexOf(String(input.prompt));
      const poison = number % every === 1 ? given[Math.floor(number / every)] : undefined;
      return poison === undefined ? null : { type: 'replace', file: poison.bytes };
    },
  },
});

/** Sums up the resident memory of a process and of those that it has started; 0 if it has gone. */
async function residentMb(pid: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    const own = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_000;
    const others = await Promise.all(children.split(' ').filter(Boolean).map(Number).map(residentMb));
    return others.reduce((sum, mb) => sum + mb, own);
  } catch {
    return 0;
  }
}

const startedAtMs = performance.now();
const out = join(folder, 'out');
const run = startGenerate(
  [join(folder, 'prompts.txt'), '--out', out, '--quiet', '--rendition', values.rendition],
  {
    REPLICATE_API_TOKEN: simulator.token,
    REPLICATE_BASE_URL: simulator.baseUrl,
    XDG_CACHE_HOME: join(folder, 'cache'),
  },
);
let mostMb = 0;
const watch = setInterval(async () => {
  mostMb = Math.max(mostMb, await residentMb(run.pid ?? 0));
}, 20);
const code = await run.ended;
clearInterval(watch);
const { outcomes }: { outcomes: readonly Outcome[] } = JSON.parse(
  await readFile(join(out, 'manifest.json'), 'utf8'),
);
for (const { index, error } of outcomes) {
  if (error) print(`#${index + 1} ${error.code}: ${error.message}`);
}
const saved = outcomes.filter(({ status }) => status === 'saved').length;
const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(0);
print(`
${saved} of ${prompts.length} saved, exit code ${code}, ${seconds} s, ${mostMb.toFixed(0)} MB at most
memory for images: ${imageBudgetBytes() / 1e6} MB`);
await simulator.close();
await rm(folder, { recursive: true, force: true });
process.exitCode = saved === prompts.length - given.length ? 0 : 1;
