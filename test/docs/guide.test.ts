import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { type PackedPackage, packPackage } from '../package/packPackage.ts';

const run = promisify(execFile);

let packed: PackedPackage;
let folder = '';
let simulator: Simulator;
beforeAll(async () => {
  packed = await packPackage();
  simulator = await startSimulator({ speed: 200, render: 'fast', coldStarts: false });
  // Below it the published package is found, as a program that has installed it finds it.
  folder = await mkdtemp(join(packed.project, 'guide-'));
  for (const [name, picture] of Object.entries({ mug: 'mug', lake: 'mountain-lake', dunes: 'dunes' }))
    await copyFile(`examples/images/${picture}.webp`, join(folder, `${name}.webp`));
  await writeFile(join(folder, 'prompts.csv'), 'prompt,theme\na fox,winter\nan owl,autumn\n');
  return async () => {
    await simulator.close();
    await rm(folder, { recursive: true, force: true });
  };
}, 300_000);

/** An environment with the simulator as the service. */
function account(): NodeJS.ProcessEnv {
  return { ...process.env, REPLICATE_API_TOKEN: simulator.token, REPLICATE_BASE_URL: simulator.baseUrl };
}

/** The snippets of the guide in one language, by the heading above each. */
async function snippets(language: string): Promise<ReadonlyMap<string, string>> {
  const guide = await readFile('docs/guide.md', 'utf8');
  const sections = guide.split(/^### /m).slice(1);
  const snippet = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``);
  return new Map(
    sections.flatMap((section) => {
      const code = snippet.exec(section)?.[1];
      return code === undefined ? [] : [[section.slice(0, section.indexOf('\n')), code]];
    }),
  );
}

it('every section of the guide has a snippet', async () => {
  const guide = await readFile('docs/guide.md', 'utf8');
  const titles = [...guide.matchAll(/^### (.+)$/gm)].map(([, title = '']) => title);
  const covered = [...(await snippets('ts')).keys(), ...(await snippets('sh')).keys()];
  expect(covered.sort()).toEqual(titles.sort());
});

it('every snippet in TypeScript runs', async () => {
  const found = [...(await snippets('ts'))];
  for (const [index, [, code]] of found.entries()) await writeFile(join(folder, `${index}.mts`), code);
  // In one process, because each takes half a second to load the package.
  const runner = `
    const files = ${JSON.stringify(found.map((_, index) => `./${index}.mts`))};
    const ends = await Promise.allSettled(files.map((file) => import(file)));
    for (const [index, { reason }] of ends.entries()) if (reason) console.error(files[index], reason);
    process.exit(ends.some(({ status }) => status === 'rejected') ? 1 : 0);`;
  await writeFile(join(folder, 'all.mts'), runner);
  const { stdout, stderr } = await run(process.execPath, ['all.mts'], { cwd: folder, env: account() });
  expect(stderr).toBe('');
  expect(stdout).toContain('batch 2 of 2: 2 saved, 0 failed, ');
  expect(stdout).toContain('2 jobs for 0.006\n');
  expect(stdout).toContain('enough for 2 of 3\n');
  expect(stdout).toContain('100 % used, 0 left\n');
  expect(stdout).toMatch(/job 0: saved after \d+ ms\n/);
  expect(stdout).toMatch(/made at \d{4}-\d\d-\d\dT/);
  expect(stdout).toContain('1 saved, 0 failed\n');
  expect(stdout).toContain('2 saved, 1 skipped\n');
  expect(stdout).toContain('paid for the second: 0\n');
  expect(stdout).toContain('row for the database: 0 saved\n');
});

it('every snippet in TypeScript type-checks, strictly, against the published package', async () => {
  const found = [...(await snippets('ts')).values()];
  const paths = found.map((_, index) => join(folder, `typed${index}.mts`));
  for (const [index, path] of paths.entries()) await writeFile(path, found[index] ?? '');
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--types', 'node'];
  const kinds = ['--target', 'es2023', '--module', 'nodenext', '--lib', 'es2024,esnext.disposable'];
  const words = [resolve('node_modules/typescript/bin/tsc'), ...flags, ...kinds, ...paths];
  const { stdout } = await run(process.execPath, words, { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});

it('every snippet for the shell runs', async () => {
  const found = [...(await snippets('sh')).values()].join('\n').replaceAll('--simulate', '--simulate=100');
  const bin = join(packed.root, 'dist/cli/bin/rxposure.js');
  const npx = `npx() { shift; ${process.execPath} ${bin} "$@"; }`;
  const { stderr } = await run('bash', ['-ec', `${npx}\n${found}`], { cwd: folder, env: account() });
  expect(stderr).toContain('4 of 4 jobs saved');
  expect(stderr).toContain('2 of 2 jobs saved');
});
