import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { beforeAll, describe, expect, it } from 'vitest';
import { commandTable } from '../../src/cli/flags/commandTable.ts';
import { type PackedPackage, packPackage } from './packPackage.ts';
import { readApi } from './readApi.ts';
import { reportPath } from './writeApi.ts';

const run = promisify(execFile);

let packed: PackedPackage;
let folder = '';
beforeAll(async () => {
  packed = await packPackage();
  folder = await mkdtemp(join(packed.project, 'try-'));
  return () => rm(folder, { recursive: true, force: true });
}, 300_000);

/** The subpaths with declarations, as they are imported. */
async function subpaths(): Promise<string[]> {
  const { exports } = JSON.parse(await readFile('package.json', 'utf8'));
  return Object.entries<{ types?: string }>(exports).flatMap(([subpath, { types }]) =>
    types === undefined ? [] : [subpath.replace(/^\./, 'rxposure')],
  );
}

describe('the tarball', () => {
  it('has the build, its documents and examples, no sources and no maps, in less than 2 MB', async () => {
    const files = await readdir(packed.root, { recursive: true, encoding: 'utf8' });
    const rooms = new Set(files.map((path) => path.split('/')[0]));
    expect([...rooms].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'examples',
      'package.json',
      'schemas',
    ]);
    const isStray = (path: string) =>
      /\.map$|(?<!\.d)\.ts$/.test(path) && !path.startsWith('examples/library/');
    expect(files.filter(isStray)).toEqual([]);
    expect((await stat(packed.tarball)).size).toBeLessThan(2_000_000);
  });

  it('has no fault that publint knows', async () => {
    const { messages, pkg } = await publint({ pkgDir: packed.root, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('has types that ESM programs resolve', async () => {
    const data = createPackageFromTarballData(new Uint8Array(await readFile(packed.tarball)));
    const result = await checkPackage(data);
    const problems = 'problems' in result ? result.problems : ['no types'];
    // CommonJS gets it by `import()` or, in Node, by `require` of an ES module; `node10` is of 2019.
    const others = /^(?:CJSResolvesToESM|NoResolution)$/;
    const wrong = problems.filter(
      (one) =>
        typeof one === 'string' ||
        !(others.test(one.kind) && 'resolutionKind' in one && /node10|cjs/.test(one.resolutionKind)),
    );
    expect(wrong).toEqual([]);
  });

  it('exports every type that a published declaration names', () => {
    expect(readApi(packed.root).missing).toEqual([]);
  });

  it('publishes the API in test/package/api; `npm run api` updates it', async () => {
    const { texts } = readApi(packed.root);
    const names = await readdir('test/package/api');
    expect(names.sort()).toEqual([...texts.keys()].map((one) => reportPath(one).replace(/^.*\//, '')).sort());
    for (const [subpath, text] of texts) {
      expect(await readFile(reportPath(subpath), 'utf8'), subpath).toBe(text);
    }
  });

  it.each(['nodenext', 'bundler'])('type-checks strictly with moduleResolution %s', async (resolution) => {
    const imports = (await subpaths()).map((name, n) => `import * as m${n} from '${name}';`);
    const names = imports.map((_, n) => `m${n}`).join(', ');
    await writeFile(
      join(folder, 'all.ts'),
      // Without the error that is expected, the compiler has not read the types.
      `${imports.join('\n')}\n// @ts-expect-error\nexport const all: number = [${names}];\n`,
    );
    const module = resolution === 'nodenext' ? 'nodenext' : 'preserve';
    const flags = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      'false',
      '--types',
      'node',
      '--target',
      'es2023',
    ];
    const kinds = ['--module', module, '--moduleResolution', resolution, '--lib', 'es2024,esnext.disposable'];
    const words = [...flags, ...kinds, join(folder, 'all.ts')];
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, ...words], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });

  it('names no optional package in the declarations that programs read', async () => {
    const { exports, peerDependenciesMeta } = JSON.parse(await readFile('package.json', 'utf8'));
    const optional = Object.keys(peerDependenciesMeta);
    const isOptional = (name: string) =>
      name.startsWith('@smithy/') || optional.some((one) => name === one || name.startsWith(`${one}/`));
    const read = new Set<string>();
    const found = new Set<string>();
    const follow = async (path: string): Promise<void> => {
      if (read.has(path)) return;
      read.add(path);
      const text = await readFile(path, 'utf8');
      for (const [, name = ''] of text.matchAll(/(?:from |import\()['"]([^'"]+)['"]/g)) {
        if (name.startsWith('.')) await follow(join(path, '..', name.replace(/\.[jt]s$/, '.d.ts')));
        else if (isOptional(name)) found.add(name);
      }
    };
    for (const [subpath, { types }] of Object.entries<{ types?: string }>(exports)) {
      // Its functions take the tracer and the meter of that package.
      if (subpath !== './telemetry' && types !== undefined) await follow(join(packed.root, types));
    }
    expect(read.size).toBeGreaterThan(100);
    expect([...found]).toEqual([]);
  });

  it('imports each subpath, and does nothing by that', async () => {
    const script = `
      for (const name of ${JSON.stringify(await subpaths())}) await import(name);
      const kept = process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|TCP|Process|Watch/.test(name));
      console.log(kept.length);`;
    await writeFile(join(folder, 'import.mjs'), script);
    const { stdout, stderr } = await run(process.execPath, [join(folder, 'import.mjs')]);
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });

  it('has operators for browsers in rxposure/rx', async () => {
    await writeFile(
      join(folder, 'page.js'),
      "import { pullMap } from 'rxposure/rx'; globalThis.it = pullMap;",
    );
    const { errors } = await build({
      entryPoints: [join(folder, 'page.js')],
      ...{ bundle: true, platform: 'browser', write: false, logLevel: 'silent' },
    });
    expect(errors).toEqual([]);
  });
});

describe('rxposure, the command', () => {
  const bin = () => join(packed.root, 'dist/cli/bin/rxposure.js');
  const command = (...words: string[]) =>
    run(process.execPath, [bin(), ...words], {
      cwd: folder,
      env: {
        ...process.env,
        ...{ NODE_OPTIONS: '', NO_COLOR: '1', XDG_CACHE_HOME: join(folder, 'cache') },
        // Vitest sets these for its own processes.
        ...{ NODE_COMPILE_CACHE: undefined, NODE_DISABLE_COMPILE_CACHE: undefined },
      },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  it('lists the commands with their results', async () => {
    const { code, stdout } = await command();
    expect(code).toBe(0);
    const named = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[?[A-Z…]+\]?)* {2,}[a-zA-Z]/gm)].map(
      ([, name]) => name,
    );
    expect(named.toSorted()).toEqual(Object.keys(commandTable).toSorted());
    expect(stdout).toContain('  npx rxposure generate prompts.txt --simulate\n');
    expect((await command('--help')).stdout).toBe(stdout);
  });

  it('keeps its compiled code in the cache folder, for the next start', async () => {
    await command('--help');
    expect(await readdir(join(folder, 'cache/rxposure/compiled'))).toHaveLength(1);
  });

  it('names the nearest of an unknown command', async () => {
    expect(await command('genrate')).toMatchObject({
      code: 2,
      stderr: 'error: Expected a command, got `genrate`\nhint: Did you mean `npx rxposure generate`?\n',
    });
  });

  it('shows how it was started', async () => {
    const { stdout } = await command('help', 'generate');
    expect(stdout).toContain('Usage: npx rxposure generate [INPUT] [flags]');
    expect(stdout).toContain('  npx rxposure generate prompts.csv --model');
    expect(stdout).not.toContain('pipelines/');
  });

  it('writes a spec that names its schema, and makes its images', async () => {
    expect(await command('init', 'campaign', '--name', 'first')).toMatchObject({ code: 0 });
    const spec = await readFile(join(folder, 'first.yaml'), 'utf8');
    expect(spec).toMatch(/^# yaml-language-server: \$schema=\S+\/schemas\/campaign\.json\n/);
    const { code, stderr } = await command('campaign', 'first.yaml', '--simulate=100');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const look = await command('open', 'out/first-simulated', '--print');
    expect(look).toMatchObject({ code: 0, stdout: expect.stringMatching(/look +file:.*gallery\.html/) });
    expect(await command('check', 'first.yaml')).toMatchObject({ code: 0 });
  });

  it('makes images from a prompt file, outside of any clone', async () => {
    await writeFile(join(folder, 'p.txt'), 'a red fox\nan owl\n');
    const { code, stderr } = await command('generate', 'p.txt', '--simulate=100');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const files = await readdir(join(folder, 'out/p-simulated'), { recursive: true, encoding: 'utf8' });
    expect(files).toContain('gallery.html');
    expect(
      files.filter((path) => /^[^.]*\.webp$/.test(path) && !path.includes('thumb')).length,
    ).toBeGreaterThan(1);
  });
});
