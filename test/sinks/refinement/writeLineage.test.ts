import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { RefinementCandidate, RefinementHistory } from '../../../src/sinks/refinement/history.ts';
import {
  readRefinementHistory,
  refinementFileName,
  writeRefinementHistory,
} from '../../../src/sinks/refinement/history.ts';
import { lineageSvg, writeLineage } from '../../../src/sinks/refinement/lineage.ts';
import { lineageLayout, lineageTree } from '../../../src/sinks/refinement/lineageLayout.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folderOf = temporaryFolder();
const candidate = (index: number, changes: Partial<RefinementCandidate> = {}): RefinementCandidate => ({
  ...{ index, key: `key ${index}`, round: 0, parent: null, status: 'saved', score: 0.5 },
  ...{ rank: index + 1, kept: false, path: `${index}.png` },
  ...changes,
});
/** Of three candidates one failed; the child of the best is better, and its parent stays. */
const history: RefinementHistory = {
  end: 'rounds',
  rounds: [
    {
      ...{ round: 0, decided: true, bestScore: 0.5 },
      candidates: [
        candidate(0, { kept: true }),
        candidate(1, { score: 0.25 }),
        candidate(2, { status: 'failed', score: null, rank: null, path: null }),
      ],
    },
    {
      ...{ round: 1, decided: true, bestScore: 0.75 },
      candidates: [
        candidate(3, { round: 1, parent: 0, score: 0.75, rank: 1, kept: true }),
        candidate(0, { rank: 2, kept: true }),
      ],
    },
  ],
};

it('has a line to each image from its parent, or from itself if it was kept', () => {
  const columns = lineageTree(history);
  expect(columns.map(({ nodes }) => nodes.map(({ index, from, rank }) => [index, from, rank]))).toEqual([
    [
      [0, null, null],
      [1, null, null],
      [2, null, null],
    ],
    [
      [3, 0, 1],
      [0, 0, 2],
    ],
  ]);
  const svg = lineageSvg('cats', lineageLayout(columns, 1.5), new Map([[0, 'data:image/jpeg;base64,AA==']]));
  expect(svg.match(/<path /g)).toHaveLength(2);
  // The kept one is in both columns; a missing one has a reason.
  expect(svg.match(/<image /g)).toHaveLength(2);
  expect(svg).toContain('>failed</text>');
  expect(svg.match(/>no picture<\/text>/g)).toHaveLength(2);
  expect(svg).toContain('best so far 0.750');
  expect(svg.match(/<circle /g)).toHaveLength(2);
});

it('escapes its title', () => {
  const svg = lineageSvg('<script>&"', lineageLayout([], 1), new Map());
  expect(svg).toContain('&lt;script&gt;&amp;&quot;');
  expect(svg).not.toContain('<script');
});

it('never grows too large to draw, for any number of candidates', () => {
  const candidates = Array.from({ length: 500 }, (_, index) => candidate(index));
  const one = lineageTree({ end: null, rounds: [{ round: 0, decided: true, bestScore: 1, candidates }] });
  for (const aspect of [1 / 3, 1, 3]) expect(lineageLayout(one, aspect).heightPx).toBeLessThan(32_767);
});

it('writes both files, with an empty frame for an image that cannot be read', async () => {
  const folder = folderOf();
  const picture = { width: 30, height: 20, channels: 3, background: '#c33' } as const;
  await sharp({ create: picture }).png().toFile(join(folder, '0.png'));
  await writeFile(join(folder, '1.png'), 'no picture at all');
  await writeLineage(folder, history);
  const svg = await readFile(join(folder, 'lineage.svg'), 'utf8');
  expect(svg).toContain(`>${basename(folder)}</text>`);
  await writeLineage(folder, history, { isSimulated: true });
  expect(await readFile(join(folder, 'lineage.svg'), 'utf8')).toContain(`>${basename(folder)} · simulated<`);
  expect(svg.match(/<image /g)).toHaveLength(2);
  const { width = 0, height = 0, format } = await sharp(join(folder, 'lineage.png')).metadata();
  const layout = lineageLayout(lineageTree(history), 1.5);
  expect([format, width, height]).toEqual(['png', 2 * layout.widthPx, 2 * layout.heightPx]);
});

it('stores a history, and rejects if it is damaged', async () => {
  const folder = folderOf();
  expect(await readRefinementHistory(folder)).toBe(null);
  await writeRefinementHistory(folder, history);
  expect(await readRefinementHistory(folder)).toEqual(history);
  await writeFile(join(folder, refinementFileName), '{"rounds": 3}');
  await expect(readRefinementHistory(folder)).rejects.toThrow(
    'is damaged: it is not the file that rxposure wrote',
  );
});
