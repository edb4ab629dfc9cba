import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openRun } from '../../../src/cli/commands/folders/open.ts';
import { openPage, showPages } from '../../../src/cli/display/openPage.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const running = (program: string) => async () => spawn(process.execPath, ['-e', program]);

it.each([
  ['ends well', running(''), true],
  ['runs on, as a browser does', running('setTimeout(() => {}, 1_500)'), true],
  ['fails, as without a screen', running('process.exit(3)'), false],
  ['does not exist', async () => spawn('no-such-program'), false],
  ['cannot be started', () => Promise.reject(new Error('no')), false],
])('knows if the page is open, when the program %s', async (_case, start, expected) => {
  expect(await openPage('/out/run/gallery.html', start)).toBe(expected);
});

it('names the page that no browser shows', async () => {
  const page = join(folder(), 'gallery.html');
  await writeFile(page, '');
  await writeFile(join(folder(), 'run.json'), '{"service":"simulator","input":null}');
  const text = `No browser could be started. Open this page yourself: ${page}`;
  const stream = new FakeStream();
  const flags = { gallery: true, json: false, quiet: true, open: true };
  await showPages(folder(), flags, stream, async () => false);
  expect(stream.lines).toEqual([text]);

  const [stdout, stderr] = [new FakeStream(), new FakeStream()];
  expect(await openRun(folder(), { stdout, stderr }, async () => false)).toBe(1);
  expect(stderr.lines).toEqual([`error: ${text}`]);
  expect(await openRun(folder(), { stdout, stderr: new FakeStream() }, async () => true)).toBe(0);
});
