import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { packPackage } from './packPackage.ts';

/**
 * Other runtimes, with their program in the npm package. They are large, so `.ci/run` installs them
 * beside the project; `npm install --prefix .cache/runtimes bun deno` does so by hand.
 */
const runtimes = [
  { name: 'Bun', program: '@oven/*/bin/bun', words: [] },
  { name: 'Deno', program: '@deno/*/deno', words: ['run', '--allow-all'] },
];

it.for(runtimes)('$name runs the example of docs/library.md', async ({ name, program, words }, context) => {
  const [found] = globSync(`.cache/runtimes/node_modules/${program}`);
  if (found === undefined) return context.skip(`${name} is not installed in .cache/runtimes`);
  const { project } = await packPackage();
  const folder = await mkdtemp(join(project, 'runtime-'));
  try {
    const text = await readFile('docs/library.md', 'utf8');
    const [, example] = /```ts\n([\s\S]*?)```/.exec(text.slice(text.indexOf('## The layer below'))) ?? [];
    const path = join(folder, 'example.mts');
    await writeFile(path, `const folder = ${JSON.stringify(join(folder, 'run'))};\n${example}`);
    const { stdout } = await promisify(execFile)(resolve(found), [...words, path]);
    expect(stdout).toBe('4 saved for 0.012\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
