import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The package as npm publishes it, installed in a folder of its own. */
export interface PackedPackage {
  /** The tarball. */
  readonly tarball: string;
  /** The content of the tarball, as npm unpacks it. */
  readonly root: string;
  /** A folder whose programs import it as `rxposure`. */
  readonly project: string;
}

/**
 * Builds and packs the package once for all tests with the same sources, in all processes. It is
 * in the project, so that its dependencies are found as if npm had installed them.
 */
export async function packPackage(): Promise<PackedPackage> {
  const cache = resolve('.cache/rxposure');
  const folder = join(cache, await hashOfSources());
  await once(folder, () => build(cache, folder));
  return {
    tarball: join(folder, 'rxposure.tgz'),
    root: join(folder, 'node_modules/rxposure'),
    project: folder,
  };
}

/** A build that takes longer has been killed. */
const LONGEST_BUILD_MS = 300_000;

/** Makes a folder unless it is there, or another process makes it: that one is waited for. */
async function once(folder: string, make: () => Promise<void>): Promise<void> {
  const lock = `${folder}.lock`;
  while (!existsSync(folder)) {
    await mkdir(dirname(lock), { recursive: true });
    const isMine = await mkdir(lock).then(
      () => true,
      () => false,
    );
    if (isMine) {
      await (existsSync(folder) ? Promise.resolve() : make()).finally(() => rm(lock, { recursive: true }));
      return;
    }
    await setTimeout(100);
    const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > LONGEST_BUILD_MS) await rm(lock, { recursive: true, force: true });
  }
}

/**
 * Builds beside the folder, and gives the result its name last. Removes builds of other sources.
 */
async function build(cache: string, folder: string): Promise<void> {
  for (const old of await readdir(cache)) {
    if (!old.endsWith('.lock')) await rm(join(cache, old), { recursive: true, force: true });
  }
  const staging = await mkdtemp(join(cache, 'building-'));
  const published = join(staging, 'published');
  await run(process.execPath, ['.ci/build.mjs', join(published, 'dist')]);
  const { scripts: _scripts, ...manifest } = JSON.parse(await readFile('package.json', 'utf8'));
  await writeFile(join(published, 'package.json'), JSON.stringify(manifest, null, 2));
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE', 'examples', 'schemas']) {
    await cp(name, join(published, name), { recursive: true });
  }
  const { stdout } = await run('npm', ['pack', '--pack-destination', staging, '--silent'], {
    cwd: published,
  });
  await rename(join(staging, stdout.trim()), join(staging, 'rxposure.tgz'));
  await mkdir(join(staging, 'node_modules'));
  await run('tar', ['-xzf', join(staging, 'rxposure.tgz'), '-C', join(staging, 'node_modules')]);
  await rename(join(staging, 'node_modules/package'), join(staging, 'node_modules/rxposure'));
  await writeFile(join(staging, 'package.json'), '{ "type": "module" }');
  await rm(published, { recursive: true });
  await rename(staging, folder);
}

async function hashOfSources(): Promise<string> {
  const rooms = await Promise.all(
    ['src', 'examples', 'schemas'].map(async (room) => {
      const found = await readdir(room, { recursive: true, withFileTypes: true });
      return found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    }),
  );
  const build = ['package.json', '.ci/build.mjs', 'tsconfig.json', 'tsconfig.build.json'];
  const documents = ['README.md', 'CHANGELOG.md', 'LICENSE'];
  const hash = createHash('sha256');
  for (const path of [...rooms.flat(), ...build, ...documents].sort()) {
    hash.update(path).update(await readFile(path));
  }
  return hash.digest('hex').slice(0, 16);
}
