import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { copyPicks } from '../../../src/sinks/picks/copyPicks.ts';
import type { JudgedImage, Picks } from '../../../src/sinks/picks/picks.ts';
import { readPicks } from '../../../src/sinks/picks/readPicks.ts';
import type { OutcomeFile } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';

let root = '';
let folder = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rxposure-'));
  folder = join(root, 'run');
  await mkdir(join(folder, 'a'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const size = { width: 4, height: 4, format: 'png', bytes: 1 };
const sha = (digit: number) => String(digit).repeat(64);
const original = (path: string, digit: number): OutcomeFile => ({
  role: 'original',
  name: 'original',
  path,
  sha256: sha(digit),
  ...size,
});
const rendition = (path: string): OutcomeFile => ({
  role: 'rendition',
  name: 'post',
  path,
  sha256: sha(9),
  ...size,
});
const judged = (path: string, digit: number, fields: Partial<JudgedImage> = {}): JudgedImage => ({
  number: '1',
  path,
  sha256: sha(digit).slice(0, 20),
  verdict: 'picked',
  stars: 0,
  ...fields,
});

/** Job 0 has two images, the first with a rendition; job 1 has one. */
async function writeRun(): Promise<void> {
  const outcomes = [
    anOutcome({
      index: 0,
      key: 'k0',
      files: [original('a/1.png', 1), rendition('a/1--post.png'), original('a/2.png', 2)],
    }),
    anOutcome({ index: 1, key: 'k1', files: [original('a/3.png', 3)] }),
  ];
  await writeFile(
    join(folder, 'manifest.jsonl'),
    outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join(''),
  );
  for (const name of ['1', '1--post', '2', '3'])
    await writeFile(join(folder, `a/${name}.png`), `image ${name}`);
}

async function exported(fields: Partial<Picks>): Promise<string> {
  const path = join(root, 'picks.json');
  await writeFile(path, JSON.stringify({ run: 'run', picks: [], others: [], ...fields }));
  return path;
}

describe('picks of a gallery', () => {
  beforeEach(writeRun);

  it('are found in the run folder with their renditions, by path and content', async () => {
    const path = await exported({ picks: [judged('a/3.png', 3, { stars: 4 }), judged('a/1.png', 1)] });
    const images = await readPicks(path, folder);
    expect(images.map(({ index, key, stars, files }) => [index, key, stars, files.length])).toEqual([
      [1, 'k1', 4, 1],
      [0, 'k0', 0, 2],
    ]);
  });

  it('are found by their content after they have moved, each once', async () => {
    const path = await exported({ picks: [judged('old/7.png', 2), judged('a/2.png', 2)] });
    const images = await readPicks(path, folder);
    expect(images.map(({ files }) => files.map((file) => file.path))).toEqual([['a/2.png']]);
  });

  it.each([
    ['{', 'got a file that is not JSON'],
    ['[]', 'got other JSON'],
    [JSON.stringify({ run: 'run', picks: [{ path: 'a/1.png' }] }), 'got JSON without `picks.0.number`'],
    ['{}', 'got JSON without `run`'],
    ['{"run": 7}', 'got JSON whose `run` is wrong'],
    [JSON.stringify({ run: 'run', picks: [judged('../../etc/passwd', 1)] }), 'leaves it'],
    [JSON.stringify({ run: 'run', picks: [] }), 'has no picks'],
    [
      JSON.stringify({ run: 'other', picks: [judged('a/1.png', 1), judged('x/9.png', 8, { number: '9' })] }),
      '1 of its 2 picks are not in',
    ],
  ])('are refused if they cannot be: %s', async (text, message) => {
    const path = join(root, 'picks.json');
    await writeFile(path, text);
    const error = await readPicks(path, folder).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(message);
  });

  it('are refused if the file is not there', async () => {
    await expect(readPicks(join(root, 'none.json'), folder)).rejects.toThrow('no file of that name');
  });

  it('are copied in their subfolders, and copied once if it is done twice', async () => {
    const images = await readPicks(await exported({ picks: [judged('a/1.png', 1)] }), folder);
    const to = join(root, 'client');
    expect(await copyPicks(folder, images, { to })).toEqual(['a/1.png', 'a/1--post.png']);
    await copyPicks(folder, images, { to });
    expect(await readdir(join(to, 'a'))).toEqual(['1--post.png', '1.png']);
    expect(await readFile(join(to, 'a/1.png'), 'utf8')).toBe('image 1');
  });

  it.each([
    ['originals', ['a/1.png', 'a/2.png']],
    ['renditions', ['a/1--post.png', 'a/2.png']],
  ] as const)('are copied as %s alone', async (files, expected) => {
    const path = await exported({ picks: [judged('a/1.png', 1), judged('a/2.png', 2)] });
    const to = join(root, 'client');
    expect(await copyPicks(folder, await readPicks(path, folder), { to, files })).toEqual(expected);
  });

  it('never replace a file of someone else', async () => {
    const to = join(root, 'client');
    await mkdir(join(to, 'a'), { recursive: true });
    await writeFile(join(to, 'a/3.png'), 'theirs');
    const images = await readPicks(await exported({ picks: [judged('a/3.png', 3)] }), folder);
    expect(await copyPicks(folder, images, { to })).toEqual(['a/3-2.png']);
    expect(await readFile(join(to, 'a/3.png'), 'utf8')).toBe('theirs');
  });

  it('copy nothing into the run folder, or if a file is missing or a link', async () => {
    const path = await exported({ picks: [judged('a/1.png', 1), judged('a/3.png', 3)] });
    const images = await readPicks(path, folder);
    await expect(copyPicks(folder, images, { to: join(folder, 'picked') })).rejects.toThrow(
      'outside of the run folder',
    );
    await rm(join(folder, 'a/3.png'));
    const to = join(root, 'client');
    await expect(copyPicks(folder, images, { to })).rejects.toThrow(
      `1 of 3 picked files are not in ${folder}: a/3.png`,
    );
    await writeFile(join(root, 'secret'), 'x');
    await symlink(join(root, 'secret'), join(folder, 'a/3.png'));
    await expect(copyPicks(folder, images, { to })).rejects.toThrow('symbolic link');
    expect(await readdir(root)).not.toContain('client');
  });
});
