import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exitCodes } from '../../../src/cli/script/exit.ts';

const run = promisify(execFile);

/** Commands with an input of each. */
const commands: Readonly<Record<string, string>> = {
  generate: 'three.txt',
  campaign: resolve('examples/summer-launch.yaml'),
  grid: resolve('examples/teapots.yaml'),
  variations: resolve('examples/lighthouse-variations.yaml'),
  compose: resolve('examples/outdoor-scenes.yaml'),
  compare: resolve('examples/model-shootout.yaml'),
  styles: resolve('examples/cover-styles.yaml'),
  refine: resolve('examples/night-harbour.yaml'),
};

/** Flags that a run refuses before it asks a service, and the beginning of why. */
const refused: Readonly<Record<string, string>> = {
  '--delete-local': '`--delete-local` needs `--to s3://…`',
  '--delete-local --to webdataset': '`--delete-local` needs `--to s3://…`',
  '--shard-size=5': '`--shard-size` works only with `--to webdataset`',
  '--cache-unseeded': '`--cache-unseeded` works only with `--cache`',
  '--wave-size=4': '`--wave-size` works only with `--strategy waves`',
  '--wave-pause=4': '`--wave-pause` works only with `--strategy waves`',
  '--concurrency=auto --strategy=queue': '`--concurrency auto` works only with `--strategy stream`',
  '--c2pa-key=x': '`--c2pa-key` needs `--c2pa-cert`',
  '--c2pa-cert=x': '`--c2pa-cert` needs `--c2pa-key`',
  '--c2pa-cert=nope --c2pa-key=nope': 'Expected a PEM file at nope',
  '--queue=postgres://x@localhost/x': '`--simulate` does not work with `--queue`',
  '--only=9999': '`--only 9999` selects no job',
};

/** Flags of a run with an account: without a token only a dry run comes so far. */
const refusedOffline: Readonly<Record<string, string>> = {
  '--detach --cache=x': '`--detach` and `--cache` cannot be used together',
  '--follow=webhook': '`--follow webhook` needs `--webhook-url`',
  '--budget=1 --model=my-company/fox-lora': '`--budget` needs a known price',
  '--queue --shared=.': '`--queue` needs the address of a PostgreSQL',
  '--queue=postgres://x@localhost/x': '`--queue` needs a place that all machines reach',
  '--queue=postgres://x@localhost/x --shared=other': 'Expected `--out` to be a folder below',
  '--queue=postgres://x@localhost/x --shared=. --watch': '`--watch` does not work with `--queue`',
};

const flagsOver = Object.entries(commands).flatMap(([name, input]) =>
  Object.keys(refused).map((flags) => ({ name, input, flags })),
);
const offline = Object.keys(refusedOffline);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder = '';
let ended: Ended[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-flags-'));
  await writeFile(join(folder, 'three.txt'), 'a fox\nan owl\na hare\n');
  const lines = [
    ...flagsOver.flatMap(({ name, input, flags }) => [
      `${name} ${input} --simulate ${flags}`,
      `${name} ${input} --simulate ${flags} --dry-run`,
      `check ${input} --simulate ${flags}`,
    ]),
    ...offline.map((flags) => `check three.txt ${flags}`),
  ];
  const { stdout } = await run(
    process.execPath,
    [resolve('test/helpers/runCommands.ts'), JSON.stringify(lines.map((line) => line.split(' ')))],
    {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', REPLICATE_API_TOKEN: '', XDG_CACHE_HOME: folder },
      maxBuffer: 1e8,
    },
  );
  ended = JSON.parse(stdout);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(
  Object.keys(commands).flatMap((name) =>
    Object.entries(refused).map(([flags, why]) => ({ name, flags, why })),
  ),
)('$name $flags: is refused by the run, its dry run and its check', ({ name, flags, why }) => {
  const at = flagsOver.findIndex((each) => each.name === name && each.flags === flags) * 3;
  const [real, ...plans] = ended.slice(at, at + 3);
  expect(real).toMatchObject({ code: exitCodes.usage.code, stdout: '' });
  const isServed = !(real?.stderr ?? '').includes(`${name} has no flag`);
  if (isServed) expect(real?.stderr).toContain(`error: ${why}`);
  expect(plans).toEqual([real, real]);
});

it.each(Object.entries(refusedOffline))('check %s: is refused without a token', (flags, why) => {
  const plan = ended[flagsOver.length * 3 + offline.indexOf(flags)];
  expect(plan).toMatchObject({ code: exitCodes.usage.code, stdout: '' });
  expect(plan?.stderr).toContain(`error: ${why}`);
});
