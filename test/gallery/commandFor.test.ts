import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { commandFor } from '../../gallery/text/commandFor.ts';
import { urlOf } from '../../gallery/text/urlOf.ts';

const job = { index: 0, status: 'saved', attempts: 1, model: 'owner/name' } as const;

it.each([
  'a cat',
  `it's "quoted" \\ and $HOME \`id\` $(id) %s !x`,
  "'; touch hacked; '",
  'two\nlines\tand\u0000\u001b[31m',
  '\u202ereversed \u{E0041} ☀️',
])('gives the shell the input as it was: %j', async (prompt) => {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  try {
    const command = commandFor({ ...job, prompt, input: { seed: 7, note: prompt } }) ?? '';
    expect(command).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    const [write = ''] = command.split(' && ');
    await promisify(execFile)('sh', ['-c', write], { cwd: folder });
    expect(JSON.parse(await readFile(join(folder, 'again.jsonl'), 'utf8'))).toEqual({
      prompt,
      seed: 7,
      note: prompt,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('names model and version, and is null if the input is shortened', () => {
  expect(commandFor({ ...job, prompt: 'x', version: 'ab12' })).toMatch(
    /--model owner\/name:ab12 --seed none$/,
  );
  expect(commandFor({ ...job, prompt: 'x', model: 'a/b; rm -rf' })).toContain('--model a/brm-rf --seed');
  expect(commandFor({ ...job, prompt: 'x', isCut: true })).toBeNull();
});

it('never pays for a simulated image', () => {
  expect(commandFor({ ...job, prompt: 'x', isSimulated: true })).toMatch(/ --seed none --simulate$/);
});

it('makes a path of every file name', () => {
  expect(urlOf('javascript:alert(1)')).toBe('./javascript%3Aalert(1)');
  expect(urlOf('a b/ü#?%.png')).toBe('./a%20b/%C3%BC%23%3F%25.png');
});
