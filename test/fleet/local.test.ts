import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
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
});
