import { execFile, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, type SimulatorConfig, startSimulator } from '../../src/simulator/index.ts';

const JOBS = 30;
const NOBODY = 65_534;
const generate = [process.execPath, resolve('pipelines/generate.ts')];

let root = '';
let out = '';
let simulator: Simulator;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rxposure-disk-'));
  out = join(root, 'out');
  await chmod(root, 0o755);
  const prompts = Array.from({ length: JOBS }, (_, n) => `A pear, number ${n}`);
  await writeFile(join(root, 'prompts.txt'), prompts.join('\n'));
});
afterEach(async () => {
  await simulator.close();
  await rm(root, { recursive: true, force: true });
});

const start = async (config: SimulatorConfig = {}) => {
  simulator = await startSimulator({ render: 'fast', speed: 50, ...config });
};

interface Finished {
  readonly code: number;
  readonly stderr: string;
}

/** Runs a shell command in which "$@" is the script. */
function run(shell: string, ...flags: string[]): Promise<Finished> {
  const service = {
    REPLICATE_API_TOKEN: simulator.token,
    REPLICATE_BASE_URL: simulator.baseUrl,
    XDG_CACHE_HOME: join(root, 'cache'),
  };
  const script = [...generate, join(root, 'prompts.txt'), '--out', out, ...flags];
  return new Promise((done) => {
    execFile(
      'sh',
      ['-c', shell, 'sh', ...script],
      { env: { ...process.env, ...service, NO_COLOR: '1', OUT: out }, timeout: 50_000 },
      (error, _, stderr) => done({ code: error === null ? 0 : Number(error.code), stderr }),
    );
  });
}

/** Expects one clear message with a hint, and no stack. */
function expectMessage({ stderr }: Finished, message: string, hint: string): void {
  expect(stderr).toMatch(new RegExp(`^error: .*${message}.*\\nhint: .*${hint}`, 'm'));
  expect(stderr.match(/^error: /gm)).toHaveLength(1);
  expect(stderr).not.toMatch(/^ {4}at /m);
}

async function expectNothingHalfThere(): Promise<void> {
  const names = await readdir(out, { recursive: true }).catch(() => []);
  expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
}

/** Once the fault is mended, the same command finishes; nothing is made twice. */
async function expectToGoOn(...flags: string[]): Promise<void> {
  const { code, stderr } = await run('exec "$@"', ...flags);
  expect(stderr).toContain(`${JOBS} of ${JOBS} jobs saved`);
  expect(code).toBe(0);
  expect(simulator.stats().created).toBe(JOBS);
  await expectNothingHalfThere();
}

/** In a namespace of its own, where any user may mount: needs user namespaces, or root. */
const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe.skipIf(!canMount)('a disk that is full (skipped if no small disk can be mounted)', () => {
  /**
   * Mounts a small disk, fills it, makes room on the same disk, and runs again; copies the manifest
   * out at the end.
   */
  const overflow = (size: string, ...flags: string[]) =>
    run(
      `unshare -rm sh -c '
        mount -t tmpfs -o size=${size} tmpfs "$OUT.disk" || exit 99
        ln -s "$OUT.disk" "$OUT"
        "$@"; echo "code $?" >&2; find "$OUT"/ -name "*.part" >&2
        mount -o remount,size=64m "$OUT.disk"
        "$@"; echo "code $?" >&2; cp "$OUT/manifest.json" "$OUT.json"
      ' sh "$@"`,
      ...flags,
    );
  const rendition = ['--rendition', 'a=600x600,png', '--rendition', 'b=500x500,png'];

  it.each([
    ['journal and manifest', '112k', []],
    ['images and sidecars', '160k', []],
    ['images, later', '300k', []],
    ['renditions', '400k', rendition],
    ['renditions, later', '700k', rendition],
  ])('stops cleanly and continues when there is room: %s', async (_, size, flags) => {
    await start();
    await mkdir(`${out}.disk`);
    const { stderr } = await overflow(size, ...flags);
    expect(stderr).not.toContain('.part');
    const [first = '', second = ''] = stderr.split(/^code \d+$/m);
    expect(stderr.match(/^code \d+$/gm)).toEqual(['code 1', 'code 0']);
    expectMessage({ code: 1, stderr: first }, 'No space left on the disk for', 'Free some space');
    expect(second).toContain(`${JOBS} of ${JOBS} jobs saved`);
    expect(simulator.stats().created).toBe(JOBS);
    expect(JSON.parse(await readFile(`${out}.json`, 'utf8')).outcomes).toHaveLength(JOBS);
  });

  it('creates nothing if it is full from the start', async () => {
    await start();
    await mkdir(`${out}.disk`);
    const { stderr } = await overflow('4k');
    const [first = ''] = stderr.split(/^code \d+$/m);
    expect(stderr.match(/^code \d+$/gm)).toEqual(['code 2', 'code 0']);
    expectMessage({ code: 2, stderr: first }, 'No space left', 'Free some space');
    expect(simulator.stats().created).toBe(JOBS);
  });
});

describe('file handles', () => {
  it.each([
    ['sockets', 40, 1],
    ['files', 34, 100],
  ])('that run out stop the run, and no job is blamed: %s', async (_, handles, speed) => {
    await start({ speed });
    const flags = ['--concurrency', '40'];
    const finished = await run(`ulimit -n ${handles}; exec "$@"`, ...flags);
    expectMessage(finished, 'No file handle left for', 'ulimit -n');
    expect(finished.code).toBe(1);
    expect(finished.stderr).not.toContain('failed #');
    await expectNothingHalfThere();
    await expectToGoOn(...flags);
  });
});

const asNobody =
  process.getuid?.() === 0 ? `setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups ` : '';
/** Root may write anywhere, so the script runs as a user who may read the project but not write. */
const reads = `${process.execPath} -e 'fs.accessSync("node_modules/rxjs/package.json")'`;
const canBeNobody = spawnSync('sh', ['-c', `${asNobody}${reads}`]).status === 0;

describe.skipIf(!canBeNobody)(
  'a folder without permission (skipped if no other user may read the project)',
  () => {
    const runAsNobody = (...flags: string[]) => run(`exec ${asNobody}"$@"`, ...flags);
    const makeFolder = async (mode: number) => {
      await mkdir(out);
      if (asNobody !== '') await chown(out, NOBODY, NOBODY);
      await chmod(out, mode);
    };

    it('is refused at once', async () => {
      await start();
      await makeFolder(0o555);
      const finished = await runAsNobody();
      expectMessage(finished, 'Cannot write in the run folder', '--out');
      expect(finished.code).toBe(2);
      expect(simulator.stats().created).toBe(0);
    });

    it('is refused too if the files of an earlier run in it are still writable', async () => {
      await start();
      await makeFolder(0o755);
      await runAsNobody('--limit', '2');
      await chmod(out, 0o555);
      const finished = await runAsNobody();
      expectMessage(finished, 'Cannot write in the run folder', 'permissions');
      expect(finished.code).toBe(2);
      expect(simulator.stats().created).toBe(2);
    });

    it('stops the run that loses it, which continues when it is given back', async () => {
      let downloads = 0;
      const onFile = () => {
        downloads += 1;
        if (downloads === 4) chmodSync(out, 0o555);
        return null;
      };
      await start({ speed: 5, faults: { onFile } });
      await makeFolder(0o755);
      const flags = ['--concurrency', '3'];
      const finished = await runAsNobody(...flags);
      expectMessage(finished, 'No permission to use', 'permissions');
      expect(finished.code).toBe(1);
      expect(simulator.stats().created).toBeLessThan(JOBS);
      await chmod(out, 0o755);
      const { code } = await runAsNobody(...flags);
      expect(code).toBe(0);
      expect(simulator.stats().created).toBe(JOBS);
      await expectNothingHalfThere();
      // Unsent predictions are looked for during six seconds.
    }, 60_000);
  },
);
