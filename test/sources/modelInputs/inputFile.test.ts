import { createHash } from 'node:crypto';
import { mkdir, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { inputFile } from '../../../src/sources/modelInputs/inputFile.ts';
import { tempFile, tempFolder } from '../../helpers/tempFile.ts';

const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#c63' } })
  .png()
  .toBuffer();
const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

it('knows a file by its content', async () => {
  const path = await tempFile('whatever.txt', png);
  expect(await inputFile(path)).toEqual({
    source: path,
    name: 'whatever.txt',
    bytes: png.length,
    sha256: sha256(png),
    mediaType: 'image/png',
  });
});

it('takes bytes and Blobs', async () => {
  const expected = { name: 'cat.png', bytes: png.length, sha256: sha256(png), mediaType: 'image/png' };
  expect(await inputFile(png, 'cat.png')).toEqual({ source: png, ...expected });
  expect(await inputFile(new Blob([png]), 'cat.png')).toMatchObject(expected);
});

it.each([
  [5, 'got 5'],
  [undefined, 'got undefined'],
  [new ArrayBuffer(2), 'got bytes'],
])('refuses %s, which is no file', async (source, got) => {
  const refused = inputFile(source as never);
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(`Expected a path, a Uint8Array or a Blob, ${got}`);
});

it.each([
  ['<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'],
  ['Grüße', 'text/plain'],
  [new Uint8Array([0, 1, 2, 3]), 'application/octet-stream'],
])('detects the type of a file: %s', async (content, mediaType) => {
  expect(await inputFile(await tempFile('file', content))).toMatchObject({ mediaType });
});

it('refuses paths that are no files to be sent', async () => {
  const folder = await tempFolder();
  await mkdir(join(folder, 'cats'));
  await writeFile(join(folder, 'empty.png'), '');
  await writeFile(join(folder, 'large.png'), png);
  // Sparse: it takes no room.
  await truncate(join(folder, 'large.png'), 100_000_000);
  const messageOf = async (name: string) => {
    const error: unknown = await inputFile(join(folder, name)).catch((thrown: unknown) => thrown);
    if (!(error instanceof UsageError)) throw error;
    return error.message.replaceAll(folder, '');
  };
  expect(await messageOf('cat.png')).toBe('Expected a file at /cat.png, got none');
  expect(await messageOf('empty.png/cat.png')).toBe('Expected a file at /empty.png/cat.png, got none');
  expect(await messageOf('cats')).toBe('Expected a file at /cats, got a folder');
  expect(await messageOf('empty.png')).toBe('Expected a file at /empty.png, got an empty one');
  expect(await messageOf('large.png')).toBe(
    'Expected a file at /large.png, got one of 100000000 bytes: the service takes less than 100000000',
  );
  await expect(inputFile('/dev/null')).rejects.toThrow('Expected a file at /dev/null, got a pipe or device');
});

it('reads a file again only if its size or time has changed', async () => {
  const path = await tempFile('cat.txt', 'cat');
  const first = await inputFile(path);
  expect(await inputFile(path)).toBe(first);
  await writeFile(path, 'dog');
  await utimes(path, 1, 1);
  expect(await inputFile(path)).toMatchObject({ sha256: sha256(Buffer.from('dog')) });
});
