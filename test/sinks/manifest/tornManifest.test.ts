import { appendFile, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { afterEach, expect, it, vi } from 'vitest';
import { openManifest, outcomeLine } from '../../../src/sinks/manifest/manifest.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { collect } from '../../helpers/collect.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const linesPath = () => join(folder(), 'manifest.jsonl');
const zeros = (text: string) => '\0'.repeat(Buffer.byteLength(text));

afterEach(() => void vi.restoreAllMocks());

async function writeOutcomes(...outcomes: Outcome[]): Promise<void> {
  const manifest = await openManifest(folder());
  await lastValueFrom(manifest.appendAll(outcomes).pipe(toArray()));
  await manifest.close();
}

async function readBack(): Promise<Outcome[]> {
  const manifest = await openManifest(folder());
  return collect(manifest.outcomes()).finally(() => manifest.close());
}

/** Lists calls of open files from now on, in their order. */
async function watchFiles() {
  const probe = await open(linesPath());
  const methods = Object.getPrototypeOf(probe);
  await probe.close();
  const calls: string[] = [];
  const spyOn = (name: string) => {
    const method = methods[name];
    return vi.spyOn(methods, name).mockImplementation(function (this: unknown, ...args) {
      calls.push(name);
      return method.apply(this, args);
    });
  };
  const [write] = ['write', 'truncate', 'datasync'].map(spyOn);
  return { calls, write };
}

/** Lets writes into open files fail from now on. */
async function rejectWrites() {
  const probe = await open(linesPath());
  const methods = Object.getPrototypeOf(probe);
  await probe.close();
  vi.spyOn(methods, 'writeFile').mockRejectedValue(new Error('no space left'));
}

it.each([
  ['the first', [0]],
  ['the second', [1]],
  ['the last', [2]],
  ['the last two', [1, 2]],
  ['all', [0, 1, 2]],
])('reads lines that were written together, of which a power cut left zeros in %s', async (_, torn) => {
  const older = [0, 1, 2].map((index) => anOutcome({ index, attempts: 1 }));
  await writeOutcomes(...older);
  const { size } = await stat(linesPath());
  const newer = older.map((outcome) => ({ ...outcome, attempts: 2 }));
  const left = newer.map((outcome, at) => {
    const line = `${outcomeLine(outcome)}\n`;
    return torn.includes(at) ? line.replace(/"prompt".*"tags"/, zeros) : line;
  });
  await appendFile(linesPath(), left.join(''));
  const expected = older.map((outcome, at) => (torn.includes(at) ? outcome : newer[at]));
  expect(await readBack()).toEqual(expected);
  const whole = left.filter((_line, at) => !torn.includes(at)).join('');
  expect((await stat(linesPath())).size).toBe(size + Buffer.byteLength(whole));
  await writeOutcomes(anOutcome({ index: 3 }));
  expect(await readBack()).toEqual([...expected, anOutcome({ index: 3 })]);
});

it('reads lines of which a power cut left zeros from the middle of one to that of the next', async () => {
  const outcomes = [0, 1, 2, 3].map((index) => anOutcome({ index }));
  const text = outcomes.map((outcome) => `${outcomeLine(outcome)}\n`).join('');
  await writeOutcomes();
  await appendFile(linesPath(), text.replace(/(?<="index":1,).*(?="index":2,)/s, zeros));
  expect(await readBack()).toEqual([outcomes[0], outcomes[3]]);
  const lines = [outcomes[0], outcomes[3]].map((outcome) => `${outcomeLine(outcome as Outcome)}\n`);
  expect(await readFile(linesPath(), 'utf8')).toBe(lines.join(''));
});

it('drops one line at the end, with or without holes before it, and reports others', async () => {
  const damaged = outcomeLine(anOutcome({ index: 1 })).replace('"prompt"', '"promt"');
  await writeOutcomes(anOutcome());
  await appendFile(linesPath(), `${damaged}\n${zeros('a line')}\n{"index":2}\n`);
  await expect(readBack()).rejects.toMatchObject({ code: 'ERR_MANIFEST_DAMAGED' });
  expect(await readFile(linesPath(), 'utf8')).toBe(`${outcomeLine(anOutcome())}\n${damaged}\n`);
});

it('leaves the file as it is if it cannot be written without its holes', async () => {
  const [before, after] = [0, 2].map((index) => anOutcome({ index })) as [Outcome, Outcome];
  await writeOutcomes(before);
  await appendFile(linesPath(), `${zeros('a line')}\n`);
  await appendFile(linesPath(), `${outcomeLine(after)}\n`);
  const text = await readFile(linesPath());
  await rejectWrites();
  await expect(openManifest(folder())).rejects.toMatchObject({ name: 'StorageError' });
  vi.restoreAllMocks();
  expect(await readFile(linesPath())).toEqual(text);
  expect(await readBack()).toEqual([before, after]);
});

it('flushes the removal of lines before it writes over them', async () => {
  await writeOutcomes(anOutcome());
  await appendFile(linesPath(), '{"index":1,"key"\n');
  const { calls } = await watchFiles();
  await writeOutcomes(anOutcome({ index: 1 }));
  expect(calls).toEqual(['truncate', 'datasync', 'write', 'datasync']);
});

it('flushes the removal of lines that could not be written', async () => {
  const manifest = await openManifest(folder());
  const { calls, write } = await watchFiles();
  write?.mockRejectedValueOnce(new Error('no space left'));
  await expect(lastValueFrom(manifest.append(anOutcome()))).rejects.toMatchObject({ name: 'StorageError' });
  await lastValueFrom(manifest.append(anOutcome()));
  expect(calls).toEqual(['truncate', 'datasync', 'write', 'datasync']);
  await manifest.close();
});
