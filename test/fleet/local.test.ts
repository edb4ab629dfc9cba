import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { describeFleet } from '../helpers/describeFleet.ts';
import { newDatabase } from '../helpers/postgres.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const run = promisify(execFile);
const folder = temporaryFolder();

/** Runs `fleet` with these words; resolves with its output and exit code. */
async function fleet(words: readonly string[], databaseUrl = '') {
  const script = ['--import', 'tsx', 'pipelines/rxposure.ts', 'fleet', ...words];
  const env = { ...process.env, DATABASE_URL: databaseUrl, RXPOSURE_QUEUE: '' };
  return run(process.execPath, script, { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  );
}

it.each([
  [['--local', '2'], 'Expected a prompt file or a spec, got nothing'],
  [['prompts.txt'], 'Expected `--local N`, the number of workers, got none'],
  [['--local', '0', 'prompts.txt'], 'Expected `--local` to be a whole number from 1 to 64, got 0'],
  [['--local', '2', 'nothing.txt'], 'nothing.txt: Expected a prompt file or a spec, there is none'],
  [['--local', '2', 'README.md', '--renditions', 'x'], 'Expected a known flag, got `--renditions`'],
])('refuses %j before it starts anything', async (words, message) => {
  const { code, stderr } = await fleet(words);
  expect(code).toBe(2);
  expect(stderr).toMatch(new RegExp(`^error: ${message.replaceAll(/[.()[\]]/g, '\\$&')}`));
});

describeFleet('a fleet on one machine', () => {
  it('makes the images of a file with several workers, and ends with them', async () => {
    const prompts = join(folder(), 'prompts.txt');
    await writeFile(prompts, 'a red fox\nan owl\na hare\n');
    const out = join(folder(), 'out');
    const words = ['--local', '2', prompts, '--simulate=1000', '--out', out];
    const { code, stdout, stderr } = await fleet(words, await newDatabase());
    expect(`${stdout}${stderr}`).toContain('3 of 3 jobs saved');
    expect(code).toBe(0);
    const { outcomes } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
    expect(outcomes).toMatchObject([
      { prompt: 'a red fox', status: 'saved' },
      { prompt: 'an owl', status: 'saved' },
      { prompt: 'a hare', status: 'saved' },
    ]);
  });

  it('leaves nothing running, however and whenever it ends', { timeout: 120_000 }, async () => {
    const prompts = join(folder(), 'many.txt');
    await writeFile(prompts, 'a red fox\n'.repeat(30));
    const data = dataFolder(folder());
    onTestFinished(() => rm(data, { recursive: true, force: true, maxRetries: 10 }));
    const start = () => {
      const script = ['--import', 'tsx', 'pipelines/rxposure.ts', 'fleet', '--local', '1', prompts];
      const words = ['--simulate=20', '--out', join(folder(), 'killed')];
      const env = { ...process.env, DATABASE_URL: '', RXPOSURE_QUEUE: '' };
      const child = spawn(process.execPath, [...script, ...words], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => (text += String(chunk)));
      return { child, ended: once(child, 'exit'), text: () => text };
    };
    const running = async () => {
      const { stdout } = await run('ps', ['-ww', '-eo', 'args=']);
      return stdout
        .split('\n')
        .filter((line) => line.includes(data) || line.includes(`--shared ${folder()}`));
    };
    const patient = { timeout: 40_000, interval: 50 };

    const interrupted = start();
    await expect.poll(interrupted.text, patient).toContain('A PostgreSQL and 1 workers');
    interrupted.child.kill('SIGINT');
    expect(await interrupted.ended).toEqual([130, null]);
    expect(await running()).toEqual([]);

    const killed = start();
    await expect.poll(killed.text, patient).toMatch(/[1-9]\d* of 30 saved/);
    killed.child.kill('SIGKILL');
    await killed.ended;
    await expect.poll(running, patient).toEqual([]);
  });
});

/** Where the database of a fleet in this folder keeps its data. */
function dataFolder(shared: string): string {
  if (process.getuid?.() !== 0) return join(shared, '.fleet');
  return join('/var/tmp', `rxposure-fleet-${createHash('sha256').update(shared).digest('hex').slice(0, 12)}`);
}
