import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { copyBest } from '../../../../src/pipelines/workflows/refinement/bestImages.ts';
import { embedProvenance } from '../../../../src/provenance/embedProvenance.ts';
import { statedPrediction, xmpProperties } from '../../../../src/provenance/xmp.ts';
import type {
  BestCopy,
  RefinementCandidate,
  RefinementHistory,
} from '../../../../src/sinks/refinement/history.ts';
import type { Outcome, OutcomeFile } from '../../../../src/types.ts';
import { anOutcome } from '../../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

async function file(role: OutcomeFile['role'], path: string, content: string): Promise<OutcomeFile> {
  await mkdir(dirname(join(folder(), path)), { recursive: true });
  await writeFile(join(folder(), path), content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { role, name: role, path, width: 1, height: 1, format: 'png', bytes: content.length, sha256 };
}

/** Four images, the second one with a rendition and a file as the model made it. */
async function made(): Promise<Outcome[]> {
  const names = ['fox', 'owl', 'hare', 'crow'];
  return Promise.all(
    names.map(async (name, index) => {
      const path = `round-${index < 2 ? 0 : 1}/${index + 1}-${name}`;
      const files = [await file('original', `${path}.png`, name)];
      if (index === 1) files.push(await file('rendition', `${path}--thumb.png`, 'small owl'));
      if (index === 1) files.push(await file('untouched', `originals/${path}.png`, 'bare owl'));
      return anOutcome({ index, files, predictionId: `p${index}` });
    }),
  );
}

const candidate = (index: number, score: number | null): RefinementCandidate => ({
  ...{ index, key: '', round: 0, parent: null, status: 'saved', rank: null, kept: false, path: '' },
  score,
});

function historyOf(...rounds: (readonly RefinementCandidate[])[]): RefinementHistory {
  return {
    end: 'rounds',
    rounds: rounds.map((candidates, round) => ({ round, decided: true, bestScore: 1, candidates })),
  };
}

const pathsOf = (copies: readonly BestCopy[]) => copies.map(({ path }) => path);
const there = async () => (await readdir(join(folder(), 'best'))).toSorted();

it('copies the best of all rounds, in their order, with their renditions', async () => {
  const outcomes = await made();
  // Crow has no score; of fox and hare, which are equal, the first one is better.
  const history = historyOf(
    [candidate(0, 0.5), candidate(1, 0.9)],
    [candidate(1, 0.9), candidate(2, 0.5), candidate(3, null)],
  );
  expect(pathsOf(await copyBest(folder(), history, { best: 2, outcomes }))).toEqual([
    'best/1-2-owl.png',
    'best/1-2-owl--thumb.png',
    'best/2-1-fox.png',
  ]);
  expect(await there()).toEqual(['1-2-owl--thumb.png', '1-2-owl.png', '2-1-fox.png']);
  expect(await readFile(join(folder(), 'best/2-1-fox.png'), 'utf8')).toBe('fox');
});

it('follows the scores when it runs again, and leaves files of yours alone', async () => {
  const outcomes = await made();
  await copyBest(folder(), historyOf([candidate(0, 0.9), candidate(1, 0.5)]), { best: 2, outcomes });
  await writeFile(join(folder(), 'best/notes.txt'), 'mine');
  await writeFile(join(folder(), 'best/1-3-hare.png'), 'mine too');
  const later = historyOf([candidate(0, 0.6), candidate(1, 0.5)], [candidate(2, 0.9)]);
  const copies = await copyBest(folder(), later, { best: 2, outcomes });
  expect(pathsOf(copies)).toEqual(['best/1-3-hare-2.png', 'best/2-1-fox.png']);
  expect(await there()).toEqual(['1-3-hare-2.png', '1-3-hare.png', '2-1-fox.png', 'notes.txt']);
});

it('keeps a retouched copy, even if its metadata still name the prediction', async () => {
  const outcomes = await made();
  await copyBest(folder(), historyOf([candidate(0, 0.9)]), { best: 1, outcomes });
  const stated = xmpProperties({
    model: 'a/b',
    version: null,
    prompt: 'fox',
    predictionId: 'p0',
    completedAt: null,
  });
  const plain = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#c63' } })
    .png()
    .toBuffer();
  const result = embedProvenance(plain, 'png', stated);
  const retouched = 'marked' in result ? result.marked : plain;
  expect(statedPrediction(retouched)).toBe('p0');
  for (const name of ['1-1-fox.png', 'retouched.png'])
    await writeFile(join(folder(), 'best', name), retouched);
  const later = historyOf([candidate(0, 0.9), candidate(1, 0.5)]);
  await copyBest(folder(), later, { best: 1, outcomes });
  expect(await there()).toEqual(['1-1-fox-2.png', '1-1-fox.png', 'retouched.png']);
  expect(await readFile(join(folder(), 'best/1-1-fox.png'))).toEqual(retouched);
});

it('replaces copies of renditions that were made again since, by its notes about them', async () => {
  const outcomes = await made();
  const history = historyOf([candidate(1, 0.9)]);
  const copies = await copyBest(folder(), history, { best: 1, outcomes });
  const again = await file('rendition', 'round-0/2-owl--thumb.png', 'smaller owl');
  const files = outcomes[1]?.files.map((each) => (each.role === 'rendition' ? again : each)) ?? [];
  const changed = [anOutcome({ index: 1, files })];
  await copyBest(folder(), { ...history, copies }, { best: 1, outcomes: changed });
  expect(await there()).toEqual(['1-2-owl--thumb.png', '1-2-owl.png']);
  expect(await readFile(join(folder(), 'best/1-2-owl--thumb.png'), 'utf8')).toBe('smaller owl');
});

it('makes no folder for no copies, and removes those of an earlier run', async () => {
  const outcomes = await made();
  const history = historyOf([candidate(0, 0.9)]);
  expect(await copyBest(folder(), history, { best: 0, outcomes })).toEqual([]);
  await expect(there()).rejects.toThrow('ENOENT');
  await copyBest(folder(), history, { best: 1, outcomes });
  await copyBest(folder(), history, { best: 0, outcomes });
  expect(await there()).toEqual([]);
});

it('leaves images alone that jobs have there themselves', async () => {
  const files = [await file('original', 'best/1-fox.png', 'fox')];
  const outcomes = [anOutcome({ files })];
  await copyBest(folder(), historyOf([]), { best: 3, outcomes });
  expect(await there()).toEqual(['1-fox.png']);
});

it('does not follow a link out of the run folder', async () => {
  const outcomes = await made();
  await symlink(tmpdir(), join(folder(), 'best'));
  const copied = copyBest(folder(), historyOf([candidate(0, 1)]), { best: 1, outcomes });
  await expect(copied).rejects.toMatchObject({ name: 'UsageError' });
});
