import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { openPromptFile, spoolPrompts } from '../../../src/sources/promptFiles/promptFile.ts';
import { collect } from '../../helpers/collect.ts';
import { tempFolder } from '../../helpers/tempFile.ts';

it('writes its input to a file that can be read twice', async () => {
  const folder = join(await tempFolder(), 'new', 'run');
  const path = await spoolPrompts(Readable.from(['a c', 'at\na', ' dog\n']), folder);
  expect(path).toBe(join(folder, 'stdin.txt'));
  expect(await readdir(folder)).toEqual(['stdin.txt']);
  const file = await openPromptFile(path);
  expect(await collect(file.rows())).toMatchObject([{ prompt: 'a cat' }, { prompt: 'a dog' }]);
});

it.each([
  ['nothing came', () => Readable.from([]), UsageError],
  [
    'the pipe broke',
    () =>
      Readable.from(
        (function* () {
          yield 'half a pro';
          throw new Error('broken pipe');
        })(),
      ),
    'broken pipe',
  ],
])('keeps an earlier file if %s', async (_what, input, error) => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'stdin.txt'), 'earlier\n');
  await expect(spoolPrompts(input(), folder)).rejects.toThrow(error);
  expect(await readdir(folder)).toEqual(['stdin.txt']);
  expect(await readFile(join(folder, 'stdin.txt'), 'utf8')).toBe('earlier\n');
});
