import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StructureFault, withReader } from '../../src/images/formats/bytesReader.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

it('gives any part of a file, and reports its end', async () => {
  const bytes = randomBytes(700_000);
  const path = join(folder(), 'a');
  await writeFile(path, bytes);
  await withReader(path, async (reader) => {
    expect(reader).toMatchObject({ size: bytes.length, content: null });
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length + 9), fc.nat(300_000), async (at, length) => {
        const there = bytes.subarray(at, at + length);
        expect((await reader.readUpTo(at, length)).equals(there)).toBe(true);
        if (there.length === length) expect((await reader.read(at, length)).length).toBe(length);
        else await expect(reader.read(at, length)).rejects.toThrow(StructureFault);
      }),
      { numRuns: 100 },
    );
  });
});

it.skipIf(process.platform === 'win32')(
  'does not wait for a pipe (skipped on Windows, which has none in folders)',
  async () => {
    const path = join(folder(), 'a.png');
    execFileSync('mkfifo', [path]);
    await expect(withReader(path, async () => 1)).rejects.toMatchObject({ code: 'ESPIPE' });
  },
);

it('has all of a small file at once', async () => {
  const path = join(folder(), 'a');
  await writeFile(path, 'abc');
  const content = await withReader(path, async (reader) => reader.content);
  expect(content?.toString()).toBe('abc');
  await expect(withReader(join(folder(), 'b'), async () => 1)).rejects.toMatchObject({ code: 'ENOENT' });
});
