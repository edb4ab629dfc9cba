import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

/** Runs commands one after the other in a folder of their own, with a file of three prompts. */
async function ended(...commands: readonly string[]): Promise<{ code: number; stderr: string }[]> {
  const cwd = await mkdtemp(join(tmpdir(), 'rxposure-render-'));
  onTestFinished(() => rm(cwd, { recursive: true, force: true, maxRetries: 10 }));
  await writeFile(join(cwd, 'pears.txt'), 'a pear\na ripe pear\na green pear\n');
  const words = JSON.stringify(commands.map((line) => line.split(' ')));
  const env = { ...process.env, XDG_CACHE_HOME: join(cwd, 'cache'), NO_COLOR: '1' };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [resolve('test/helpers/runCommands.ts'), words],
    { cwd, env },
  );
  expect((await readdir(join(cwd, 'out/pears'))).filter((name) => name.endsWith('--s.jpg'))).toHaveLength(1);
  return JSON.parse(stdout);
}

it('names single jobs of --only without a saved image, and refuses two renditions with one name', async () => {
  const [made, chosen, double] = await ended(
    'generate pears.txt --simulate=100 --out out/pears --no-gallery',
    'render out/pears --rendition s=30x30 --only 2,7-9,99 --no-gallery',
    'render out/pears --rendition a=30x30 --rendition a=40x40',
  );
  expect(made?.code).toBe(0);
  expect(chosen).toMatchObject({ code: 0, stderr: expect.stringContaining('no saved image 99 of --only') });
  expect(double).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('different names, got "a" twice'),
  });
});
