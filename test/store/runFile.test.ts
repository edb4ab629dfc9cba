import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { beginFolder, checkFolder, folderState, readRunFile } from '../../src/store/runFile.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const root = temporaryFolder();
const prompts = { path: '/work/prompts.txt', sha256: 'a'.repeat(64) };

async function aFolder(...names: string[]): Promise<string> {
  const folder = join(root(), 'run');
  await mkdir(folder);
  for (const name of names)
    await writeFile(join(folder, name), name === 'manifest.jsonl' ? '{"index":0}' : '');
  return folder;
}

it.each([
  ['new', []],
  ['new', ['.DS_Store', 'Thumbs.db', 'desktop.ini', '.gitkeep', '.gitignore', '.directory', 'lost+found']],
  ['run', ['run.sqlite', 'cat.png']],
  ['run', ['run.json']],
  ['run', ['run.lock']],
  ['run', ['run.lock.0a1b']],
  ['new', ['run.json.0a1b.rxposure.part']],
  ['run', ['manifest.jsonl', 'cat.png']],
  ['foreign', ['report.json']],
  ['foreign', ['.hidden']],
] as const)('is %s with %j in it', async (state, names) => {
  expect(await folderState(await aFolder(...names))).toBe(state);
});

it('is new if it does not exist, or cannot', async () => {
  expect(await folderState(join(root(), 'none'))).toBe('new');
  expect(await folderState('/dev/null/run')).toBe('new');
});

it('treats a manifest of another program as a file of the user', async () => {
  const folder = await aFolder();
  await writeFile(join(folder, 'manifest.jsonl'), '{"file":"cat.png"}\n');
  expect(await folderState(folder)).toBe('foreign');
});

it('begins once, and returns the begun run', async () => {
  const folder = join(root(), 'deep/run');
  const file = { service: 'replicate', input: prompts };
  const begun = await Promise.all([
    beginFolder(folder, file),
    beginFolder(folder, { service: 'replicate', input: null }),
  ]);
  expect(begun[0]).toEqual(begun[1]);
  expect(await readRunFile(folder)).toEqual(begun[0]);
  expect(await readdir(folder)).toEqual(['run.json']);
  expect(await beginFolder(folder, { service: 'simulator', input: null })).toEqual(begun[0]);
});

it('is readable without anything else', async () => {
  const folder = join(root(), 'run');
  await beginFolder(folder, { service: 'simulator', input: { path: null, sha256: 'ab' } });
  expect(JSON.parse(await readFile(join(folder, 'run.json'), 'utf8'))).toEqual({
    service: 'simulator',
    input: { path: null, sha256: 'ab' },
  });
});

it('refuses files of the user, and names one', async () => {
  const folder = await aFolder('holiday.jpg');
  await expect(checkFolder(folder, { service: 'replicate' })).rejects.toThrow(
    `${folder} is not the folder of a run, and not empty: it has holiday.jpg.`,
  );
  expect(await readdir(folder)).toEqual(['holiday.jpg']);
});

it.each([
  ['simulator', 'replicate', /has images of the rxposure simulator.*uses Replicate/, /Add --simulate/],
  ['replicate', 'simulator', /has images of Replicate.*uses the rxposure simulator/, /Remove --simulate/],
  ['https://a.example', 'replicate', /the API at https:\/\/a\.example/, /Continue it with the API at/],
])(
  'refuses a folder of %s for a run on %s, with the way out',
  async (before, service, message, suggestion) => {
    const folder = join(root(), 'run');
    await beginFolder(folder, { service: before, input: null });
    const refused = checkFolder(folder, { service });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ suggestion: expect.stringMatching(suggestion) });
    expect(await checkFolder(folder, { service: before })).toEqual({ service: before, input: null });
  },
);

it('compares nothing with a service that has no name', async () => {
  const folder = join(root(), 'run');
  await beginFolder(folder, { service: 'replicate', input: null });
  expect(await checkFolder(folder, { service: null })).toMatchObject({ service: 'replicate' });
});

it('lets only real runs continue in a folder that does not know its service', async () => {
  const folder = await aFolder('run.sqlite');
  expect(await checkFolder(folder, { service: 'replicate' })).toBeNull();
  await expect(checkFolder(folder, { service: 'simulator' })).rejects.toThrow(
    'has no run.json, which names the service of its images: they may be paid.',
  );
});

it('names the file that is in the place of a folder', async () => {
  const folder = root();
  const file = join(folder, 'p.txt');
  await writeFile(file, '');
  await expect(checkFolder(file, { service: null })).rejects.toThrow(`${file} is a file, not a folder.`);
  await expect(checkFolder(join(file, 'a/b'), { service: null })).rejects.toThrow(
    `${file} is a file, so ${join(file, 'a/b')} cannot be a folder.`,
  );
});
