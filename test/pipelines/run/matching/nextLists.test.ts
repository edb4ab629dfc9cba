import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { matchInput } from '../../../../src/pipelines/run/matching/matchInput.ts';
import { openRun } from '../../../../src/pipelines/run/openRun.ts';
import { outcomeLine } from '../../../../src/sinks/manifest/manifest.ts';
import { openJournal } from '../../../../src/store/journal/journal.ts';
import { beginFolder } from '../../../../src/store/runFile.ts';
import { stubProvider } from '../../../../src/testing/stubProvider.ts';
import type { ImageFile, JournalEntry, Outcome, OutcomeFile, Plan } from '../../../../src/types.ts';
import { anOutcome } from '../../../helpers/anOutcome.ts';
import { aFile, aPlan, aPrediction, created, ended, intended, outcome } from '../../../helpers/aPlan.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const at = (path: string) => join(folder(), path);

/** Plans of jobs with one letter each. */
function plansOf(letters: string): Plan[] {
  return [...letters].map((letter, index) =>
    aPlan({ index, key: letter.repeat(64), prompt: letter, path: `000${index + 1}-${letter}` }),
  );
}

/** A folder with the job `a`, whose entries and outcome are these. */
async function aFolder(entries: readonly JournalEntry[], listed: Partial<Outcome> | null): Promise<void> {
  const [plan = aPlan()] = plansOf('a');
  await beginFolder(folder(), { service: null, input: null });
  const journal = openJournal(folder());
  for (const entry of entries) await lastValueFrom(journal.record(plan, entry));
  journal.close();
  const files = entries.flatMap((entry) => (entry.type === 'downloaded' ? entry.files : []));
  for (const { path, untouched } of files) {
    for (const each of [path, untouched?.path ?? path]) {
      await mkdir(dirname(each), { recursive: true });
      await writeFile(each, relative(folder(), each));
    }
  }
  if (listed === null) return;
  const { index, key, prompt } = plan;
  await writeFile(at('manifest.jsonl'), `${outcomeLine(anOutcome({ index, key, prompt, ...listed }))}\n`);
}

/** Changes the input; returns the files in the folder, and those of the job at an index. */
async function change(letters: string, index: number) {
  const run = await openRun({ folder: folder(), provider: stubProvider(), gallery: false });
  await matchInput(() => plansOf(letters), { fingerprint: null, total: letters.length }, run);
  const recorded = run.journal.find(index)?.files ?? [];
  const listed = (await run.manifest.find(index))?.files.map(({ path }) => path);
  await run.close();
  const all = await readdir(folder(), { recursive: true });
  return {
    images: all.filter((path) => path.endsWith('.png')).toSorted(),
    recorded: recorded.flatMap(({ path, untouched }) =>
      [path, ...(untouched === undefined ? [] : [untouched.path])].map((each) => relative(folder(), each)),
    ),
    listed,
  };
}

const file = (path: string, fields: Partial<ImageFile> = {}): ImageFile => ({
  ...aFile(at(path)),
  ...fields,
});
const downloaded = (...files: ImageFile[]): JournalEntry => ({
  type: 'downloaded',
  prediction: aPrediction({ id: 'p2' }),
  files,
});
const failed = [intended(), created('p1'), ended(3_000), outcome('failed', { costUsd: 0.003 })];
const again = [...failed, intended(2, 2_000), created('p2', 2)];
const failure = { status: 'failed', predictionId: 'p1' } as const;

describe('files that were downloaded after the job had failed', () => {
  // As the simulated world of seed 300439 with 100 crashes has it.
  it('move along with the job', async () => {
    await aFolder([...again, downloaded(file('0001-a.png'))], failure);
    expect(await change('ba', 1)).toEqual({
      images: ['0002-a.png'],
      recorded: ['0002-a.png'],
      listed: [],
    });
  });

  it('move to `unused/` when the job is dropped, and return with it', async () => {
    const original = file('0001-a.png', { untouched: file('originals/0001-a.png') });
    await aFolder([...again, downloaded(original)], failure);
    expect(await change('b', 0)).toMatchObject({
      images: ['unused/1/0001-a.png', 'unused/1/originals/0001-a.png'],
    });
    expect(await change('ba', 1)).toEqual({
      images: ['0002-a.png', 'originals/0002-a.png'],
      recorded: ['0002-a.png', 'originals/0002-a.png'],
      listed: [],
    });
  });

  it('keep the stem of those that the outcome lists', async () => {
    const { bytes, sha256 } = file('');
    const kept: OutcomeFile = {
      ...{ role: 'kept', name: 'damaged', path: '0001-a.damaged.png', width: 8, height: 8, format: 'png' },
      ...{ bytes, sha256, output: 0 },
    };
    const error = {
      name: 'DownloadError',
      code: 'ERR_DAMAGED',
      message: '',
      recoverable: false,
      suggestion: '',
    };
    const files = [
      file('0001-a.damaged.png', { output: 0, refused: error }),
      file('0001-a--2.png', { output: 1 }),
    ];
    await aFolder([...again, downloaded(...files)], { ...failure, files: [kept] });
    expect(await change('ba', 1)).toEqual({
      images: ['0002-a--2.png', '0002-a.damaged.png'],
      recorded: ['0002-a.damaged.png', '0002-a--2.png'],
      listed: ['0002-a.damaged.png'],
    });
  });
});

describe('files of a job without an outcome', () => {
  const begun = [intended(), created('p2')];

  it('come back with a job that was dropped', async () => {
    await aFolder([...begun, downloaded(file('0001-a.png'))], null);
    expect(await change('b', 0)).toMatchObject({ images: ['unused/1/0001-a.png'] });
    expect(await change('ba', 1)).toMatchObject({ images: ['0002-a.png'], recorded: ['0002-a.png'] });
  });

  it('are put aside when the job is dropped, also if a run has skipped it', async () => {
    const entries = [...begun, downloaded(file('0001-a.png')), outcome('skipped')];
    await aFolder(entries, { status: 'skipped', costUsd: 0 });
    expect(await change('b', 0)).toMatchObject({ images: ['unused/1/0001-a.png'] });
  });

  it('keep their position in the output', async () => {
    await aFolder([...begun, downloaded(file('0001-a--2.png', { output: 1 }))], null);
    expect(await change('ba', 1)).toMatchObject({ recorded: ['0002-a--2.png'] });
  });

  it('replace no file of yours', async () => {
    await aFolder([...begun, downloaded(file('0001-a.png'))], null);
    await writeFile(at('0002-a.png'), 'mine');
    expect(await change('ba', 1)).toMatchObject({ recorded: ['0002-a-2.png'] });
    expect(await readFile(at('0002-a.png'), 'utf8')).toBe('mine');
  });
});
