import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { aRequest } from '../../src/testing/aPlan.ts';
import { fakeProvider } from '../../src/testing/fakeProvider.ts';
import { providerConformance } from '../../src/testing/providerConformance.ts';

const { exports: exported }: { exports: Readonly<Record<string, { readonly default: string }>> } = JSON.parse(
  await readFile('package.json', 'utf8'),
);

/** The source of the package, or of a subpath such as `/sinks`, as `package.json` publishes it. */
function sourceOf(part: string): string {
  const built = exported[`.${part}`]?.default ?? '';
  return pathToFileURL(resolve(built.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))).href;
}

it('every example of docs/testing.md runs, and its tests pass', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const text = await readFile('docs/testing.md', 'utf8');
  const examples = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const names = examples.map((code, index) => /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `${index}.ts`);
  for (const [index, code] of examples.entries()) {
    const local = code
      .replace(/'rxposure(\/\w+)?'/g, (_whole, part = '') => `'${sourceOf(part)}'`)
      .replaceAll("'rxjs'", `'${import.meta.resolve('rxjs')}'`);
    await writeFile(join(folder, names[index] ?? ''), local);
  }
  const all = join(folder, 'all.ts');
  await writeFile(all, names.map((name) => `import './${name}';\n`).join(''));
  const { stdout } = await promisify(execFile)(process.execPath, ['--test-reporter=tap', all]).catch(
    (failed) => failed,
  );
  const tests = examples.join('\n').match(/^it\(/gm) ?? [];
  const request = aRequest();
  const rules = providerConformance({ provider: fakeProvider(), request, at: () => fakeProvider() });
  expect(stdout).toMatch(new RegExp(`# pass ${tests.length + rules.length}\\n`));
  expect(stdout).toContain('# fail 0\n');
});
