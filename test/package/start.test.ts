import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { type PackedPackage, packPackage } from './packPackage.ts';

const run = promisify(execFile);

let packed: PackedPackage;
let folder = '';
beforeAll(async () => {
  packed = await packPackage();
  folder = await mkdtemp(join(packed.project, 'start-'));
  await writeFile(
    join(folder, 'watch.mjs'),
    `import { writeFileSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    const urls = [];
    registerHooks({ load(url, context, next) {
      urls.push(url);
      return next(url, context);
    } });
    process.on('exit', () => writeFileSync(process.env.LOADED, JSON.stringify(urls)));`,
  );
  await writeFile(join(folder, 'import.mjs'), "import 'rxposure';");
  await writeFile(join(folder, 'p.txt'), 'a red fox\nan owl\n');
  return () => rm(folder, { recursive: true, force: true });
}, 300_000);

/** The modules that a program loads: files of the package in their order, and names of others. */
interface Loaded {
  readonly files: readonly string[];
  readonly packages: readonly string[];
}

async function loadedBy(program: string, ...words: string[]): Promise<Loaded> {
  const list = join(folder, `${[program, ...words].join('-').replaceAll(/\W+/g, '-')}.json`);
  const child = run(process.execPath, ['--import', join(folder, 'watch.mjs'), program, ...words], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', XDG_CACHE_HOME: join(folder, 'cache'), LOADED: list },
  });
  child.child.stdin?.end();
  await child;
  const urls: string[] = JSON.parse(await readFile(list, 'utf8'));
  const own = /\/node_modules\/rxposure\/(.*)$/;
  const names = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  return {
    files: urls.flatMap((url) => own.exec(url)?.[1]?.replace(/-[\w-]{8}\.js$/, '') ?? []),
    packages: [...new Set(names)].filter((name) => name !== 'rxposure').sort(),
  };
}

const command = (...words: string[]) => loadedBy(join(packed.root, 'dist/cli/bin/rxposure.js'), ...words);

/** Modules that belong to a run, and to no start. */
const OF_A_RUN = /\/(?:run|service|startSimulator|startBatch|runBatch)$/;

describe('the start of the package', () => {
  it('loads rxjs and one small package more on import', async () => {
    const { packages } = await loadedBy(join(folder, 'import.mjs'));
    expect(packages).toEqual(['fastest-levenshtein', 'rxjs']);
  });

  it('looks up compiled code for all but the file that knows where it is', async () => {
    const { files } = await command('--help');
    const first = files.findIndex((path) => path.endsWith('/command'));
    expect([...new Set(files.slice(0, first))].filter((path) => !path.endsWith('/dispatch'))).toEqual([
      'dist/cli/bin/rxposure.js',
      'dist/cli/chunks/cacheFolder',
    ]);
  });

  it.each([['--help'], ['generate', '--help'], ['campaign', '--help'], ['retry', '--help']])(
    'loads neither a package nor the modules of a run for %s %s',
    async (...words) => {
      const { files, packages } = await command(...words);
      expect(packages).toEqual([]);
      expect(files.filter((path) => OF_A_RUN.test(path))).toEqual([]);
    },
  );

  it('loads neither sharp nor the modules of downloads, caches and destinations for a dry run', async () => {
    const { files, packages } = await command('generate', 'p.txt', '--dry-run', '--simulate');
    expect(files).toContainEqual(expect.stringMatching(OF_A_RUN));
    const heavy = /^(?:sharp|@img\/|got|cacache|fs-extra|yaml|tar-stream|@aws-sdk|pg|culori|rxjs|zod)/;
    expect(packages.filter((name) => heavy.test(name))).toEqual([]);
  });

  it('loads nothing of the library to decode images', async () => {
    const text = await readFile(join(packed.root, 'dist/images/decoderProcess.js'), 'utf8');
    const imported = [...text.matchAll(/(?:\bfrom |\bimport ?\(?)"([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(imported.filter((name) => !name?.startsWith('node:')))).toEqual(new Set(['sharp']));
  });

  it('ships the licence of each package that is part of its files', async () => {
    for (const name of ['commander', 'fastest-levenshtein', 'replicate', 'rxjs', 'string-width', 'zod']) {
      const text = await readFile(join(packed.root, `dist/cli/chunks/${name}.LICENSE`), 'utf8');
      expect(text, name).toMatch(/MIT License|Permission is hereby granted|Apache License/);
    }
  });
});
