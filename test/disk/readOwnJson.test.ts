import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readOwnJson, writeJson } from '../../src/disk/writeFiles.ts';
import { UsageError } from '../../src/errors.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const schema = z.object({ pots: z.int() });

it('writes indented JSON that it reads again', async () => {
  const path = join(folder(), 'pots.json');
  await writeJson(path, { pots: 3 });
  expect(await readFile(path, 'utf8')).toBe('{\n  "pots": 3\n}\n');
  expect(await readOwnJson(path, schema)).toEqual({ pots: 3 });
});

it('reads null if there is no file, and refuses the file of another program', async () => {
  const path = join(folder(), 'pots.json');
  expect(await readOwnJson(path, schema)).toBeNull();
  for (const text of ['{"pots":', '{"pots":"three"}']) {
    await writeFile(path, text);
    const read = readOwnJson(path, schema);
    await expect(read).rejects.toThrow(UsageError);
    await expect(read).rejects.toThrow(`${path} is damaged: it is not the file that rxposure wrote`);
  }
});
