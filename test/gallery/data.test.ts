import { describe, expect, it } from 'vitest';
import { createCaptions } from '../../gallery/data/createCaptions.ts';
import { facetsOf } from '../../gallery/data/facetsOf.ts';
import { itemsOf } from '../../gallery/data/itemsOf.ts';
import { selectItems } from '../../gallery/data/selectItems.ts';
import { costOverTime } from '../../gallery/report/costOverTime.ts';
import { inFlight } from '../../gallery/report/inFlight.ts';
import { lastSession } from '../../gallery/report/lastSession.ts';
import type { GalleryJob } from '../../src/sinks/gallery/galleryData.ts';
import { galleryJob } from '../../src/sinks/gallery/galleryData.ts';
import { aMixedOutcome } from './aGallery.ts';

const thumbnails = { pathOf: () => null };
const jobOf = (index: number, fields: Partial<GalleryJob> = {}): GalleryJob => ({
  ...galleryJob(aMixedOutcome(index), thumbnails),
  ...fields,
});
const file = (name: string) => ({ name, path: `${name}.jpg`, format: 'jpeg', bytes: 1 });

describe('items', () => {
  it('are one for each original, with its renditions, and one for a job without any', () => {
    const items = itemsOf([
      jobOf(0, { files: [file('original'), file('a'), file('original'), file('b'), file('c')] }),
      jobOf(9),
    ]);
    expect(items.map(({ name, files }) => [name, files.map((one) => one.name)])).toEqual([
      ['1.1', ['original', 'a']],
      ['1.2', ['original', 'b', 'c']],
      ['10', []],
    ]);
  });

  it('are one for each kept file, and one for the missing files of an incomplete job', () => {
    const error = { name: 'DownloadError', code: 'ERR_INCOMPLETE', message: 'one is missing' };
    const incomplete = { error: { ...error, recoverable: true, suggestion: '' }, status: 'failed' } as const;
    const kept = { ...file('unrecognised'), isKept: true as const };
    const items = itemsOf([
      jobOf(0, { ...incomplete, files: [file('original'), file('a'), file('original')] }),
      jobOf(1, { ...incomplete, files: [file('original'), file('a'), kept] }),
      jobOf(2, { files: [kept] }),
    ]);
    expect(items.map(({ name, files }) => [name, files.map((one) => one.name)])).toEqual([
      ['1.1', ['original', 'a']],
      ['1.2', ['original']],
      ['1.3', []],
      ['2.1', ['original', 'a']],
      ['2.2', ['unrecognised']],
      ['3', ['unrecognised']],
    ]);
  });

  it('show no size of a kept file, which a browser should not try to decode', () => {
    const [original] = aMixedOutcome(0).files;
    const files = original === undefined ? [] : [{ ...original, role: 'kept' as const, name: 'undecodable' }];
    const job = galleryJob({ ...aMixedOutcome(0), files }, { pathOf: () => 'thumb' });
    expect(job.files).toEqual([
      {
        name: 'undecodable',
        isKept: true,
        path: original?.path,
        format: original?.format,
        bytes: original?.bytes,
      },
    ]);
  });

  it('are filtered by properties with few but different values', () => {
    const jobs = Array.from({ length: 100 }, (_, index) => {
      const job = jobOf(index);
      return {
        ...job,
        model: 'same',
        tags: { ...job.tags, number: String(index), 'time_of-day': String(index % 2) },
      };
    });
    const facets = facetsOf(itemsOf(jobs));
    expect(facets.map(({ label, values }) => [label, values.length])).toEqual([
      ['Status', 3],
      ['Platform', 3],
      ['Mood', 4],
      ['Time of day', 2],
    ]);
  });

  it('are captioned by the tags that distinguish them, a number with its tag name', () => {
    const items = itemsOf([
      jobOf(0, { prompt: 'a harbour', tags: { round: '0', mood: 'dusk' } }),
      jobOf(1, { prompt: 'a harbour', tags: { round: '1', mood: 'dawn' } }),
    ]);
    expect(items.map(createCaptions(items, facetsOf(items)))).toEqual(['round 0 · dusk', 'round 1 · dawn']);
  });

  it.each([
    [
      ['photo of a red cup on slate, soft light', 'photo of a blue bowl on slate, soft light'],
      ['red cup', 'blue bowl'],
    ],
    [
      [
        'a cup, red, on oak, soft light',
        'a bowl, red, on slate, soft light',
        'a jug, blue, on oak, soft light',
      ],
      ['cup, red, oak', 'bowl, red, slate', 'jug, blue, oak'],
    ],
    [
      ['the old harbour', 'a fox in the snow'],
      ['the old harbour', 'a fox in the snow'],
    ],
  ])('are captioned by the words that their prompts do not share: %j', (prompts, captions) => {
    const items = itemsOf(prompts.map((prompt, index) => jobOf(index, { prompt, tags: {}, model: 'm' })));
    expect(items.map(createCaptions(items, facetsOf(items)))).toEqual(captions);
  });

  it('are captioned by their seeds if nothing else differs, and by the prompt if nothing does', () => {
    const same = { prompt: 'a cup', tags: {}, model: 'm' };
    const seeded = itemsOf([
      jobOf(0, { ...same, input: { seed: 7 } }),
      jobOf(1, { ...same, input: { seed: 8 } }),
    ]);
    expect(seeded.map(createCaptions(seeded, []))).toEqual(['seed 7', 'seed 8']);
    const [item] = itemsOf([jobOf(0, same)]);
    expect(item && createCaptions([item], [])(item)).toBe('a cup');
  });

  it('are filtered by the shorter names of models if a tag has them', () => {
    const jobs = [0, 1].map((index) =>
      jobOf(index, { model: `owner/m${index}`, tags: { model: `m${index}` } }),
    );
    expect(facetsOf(itemsOf(jobs)).map(({ name }) => name)).toEqual(['tag model']);
  });

  it('without a figure come last in both directions', () => {
    const items = itemsOf([jobOf(0, { predictS: 2 }), jobOf(1, { predictS: 1 })]);
    const bare = itemsOf([{ index: 3, status: 'saved', prompt: 'x', model: 'm', attempts: 1 }]);
    const sorted = (sort: 'slowest' | 'fastest') =>
      selectItems([...bare, ...items], [], { search: '', filters: new Map(), sort }).map(({ name }) => name);
    expect(sorted('slowest')).toEqual(['1', '2', '4']);
    expect(sorted('fastest')).toEqual(['2', '1', '4']);
  });
});

describe('the drawings', () => {
  const at = (createdMs: number, completedMs: number, costUsd = 0.1): GalleryJob =>
    jobOf(0, { createdMs, completedMs, costUsd });

  it('show the predictions in flight after each change', () => {
    expect(inFlight(lastSession([at(0, 3_000), at(1_000, 2_000), at(3_000, 4_000)]).jobs)).toEqual([
      { x: 0, y: 1 },
      { x: 1, y: 2 },
      { x: 2, y: 1 },
      { x: 3, y: 0 },
      { x: 3, y: 1 },
      { x: 4, y: 0 },
    ]);
  });

  it('show the total cost, without drift', () => {
    const jobs = Array.from({ length: 10 }, (_, index) => at(index, 1_000 + index, 0.1));
    expect(costOverTime(lastSession(jobs).jobs, 1).at(-1)).toEqual({ x: 1.009, y: 1 });
    expect(costOverTime([], 0)).toEqual([]);
  });

  it('show a cost that begins with earlier payments, and ends at the total', () => {
    const { jobs } = lastSession([at(0, 1_000, 0.3), at(10_000_000, 10_001_000), at(10_000_500, 10_002_000)]);
    expect(costOverTime(jobs, 0.5)).toEqual([
      { x: 0, y: 0.3 },
      { x: 1, y: 0.4 },
      { x: 2, y: 0.5 },
    ]);
  });

  it('show the last run if the folder had several', () => {
    const { jobs, note } = lastSession([at(0, 1_000), at(10_000_000, 10_001_000)]);
    expect(jobs).toHaveLength(1);
    expect(note).toContain('last run');
  });
});
