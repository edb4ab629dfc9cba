import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { lookLines } from '../../../src/cli/display/lookLines.ts';

it('names the pages of a run as addresses, the gallery first', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure look-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  expect(lookLines(folder)).toEqual([]);
  for (const name of ['ab.html', 'comparison-grid.jpg', 'gallery.html']) {
    await writeFile(join(folder, name), '');
  }
  const url = `file://${folder.replaceAll(' ', '%20')}`;
  expect(lookLines(folder)).toEqual([
    `  look     ${url}/gallery.html`,
    `           ${url}/ab.html`,
    `           ${url}/comparison-grid.jpg`,
  ]);
});

it('does not take a folder for a page', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-look-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'gallery.html'));
  await writeFile(join(folder, 'ab.html'), '');
  expect(lookLines(folder)).toEqual([`  look     file://${folder}/ab.html`]);
});

it('names no gallery that the run has not written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-look-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of ['ab.html', 'lineage.png', 'gallery.html']) await writeFile(join(folder, name), '');
  expect(lookLines(folder, { gallery: false })).toEqual([`  look     file://${folder}/ab.html`]);
});
