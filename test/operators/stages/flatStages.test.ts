import { EMPTY, map, NEVER, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { type Failed, isFailed, type Made } from '../../../src/base/items/item.ts';
import { DownloadError, RenderError, StorageError } from '../../../src/errors.ts';
import { createConcurrencyLearner } from '../../../src/operators/pace/concurrencyLearner.ts';
import { awaitPrediction } from '../../../src/operators/predictions/awaitPrediction.ts';
import { createPrediction } from '../../../src/operators/predictions/createPrediction.ts';
import { createLedger } from '../../../src/operators/stages/budgetTake.ts';
import { downloadOutput } from '../../../src/operators/stages/downloadOutput.ts';
import type { StemOf } from '../../../src/operators/stages/fileStems.ts';
import { renditions } from '../../../src/operators/stages/renditions.ts';
import { scoreImage } from '../../../src/operators/stages/scoreImage.ts';
import type { DownloadTarget } from '../../../src/ports.ts';
import type { ImageFile } from '../../../src/types.ts';
import { aPrediction, aRequest, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';
import { madeOf } from '../../helpers/oneItem.ts';

const aFile = (path: string): ImageFile => ({
  path,
  bytes: 1,
  sha256: '00',
  format: 'png',
  widthPx: 1,
  heightPx: 1,
});
const items = (count: number): Made[] =>
  Array.from({ length: count }, (_, index) => madeOf(aPrediction({ id: `p${index}` }), { index }));
const nameOf = (item: Made | Failed) => (isFailed(item) ? `f${item.index}` : `m${item.index}`);
const names = { a: 'm0', b: 'm1', c: 'm2', f: 'f1', g: 'f0' };

it('names the files of equal prompts by position and prediction, and those of plans by their path', () => {
  const targets: DownloadTarget[] = [];
  const download = (_url: string, target: DownloadTarget) => {
    targets.push(target);
    return of(aFile(`${target.stem}.png`));
  };
  const planned = madeOf(aPrediction({ id: 'p2' }), {
    index: 2,
    request: { ...aRequest(), path: 'foxes/3' },
  });
  of(...items(2), planned)
    .pipe(downloadOutput({ download }, { folder: '/run' }))
    .subscribe();
  expect(targets.map(({ stem }) => stem)).toEqual(['/run/0001-p0', '/run/0002-p1', '/run/foxes/3']);
  // Nothing that is there already is replaced.
  expect(targets.map(({ mayReplace }) => mayReplace?.('/run/0001-p0.png'))).toEqual([false, false, false]);
});

it('names files by a function of prediction, position and request', () => {
  const stems: string[] = [];
  const download = (_url: string, { stem }: DownloadTarget) => {
    stems.push(stem);
    return of(aFile(`${stem}.png`));
  };
  const stem = ({ id }: { id: string }, index: number, { model }: { model: string }) =>
    `/run/${index}-${id}-${model.replace('/', '-')}`;
  of(...items(2))
    .pipe(downloadOutput({ download }, { stem }))
    .subscribe();
  expect(stems).toEqual(['/run/0-p0-owner-name', '/run/1-p1-owner-name']);
});

it(
  'fails a second prediction under one name, and names the URLs of its output',
  marbles(({ cold, expectObservable }) => {
    const download = () => cold('---(f|)', { f: aFile('/run/a.png') });
    const operator = downloadOutput({ download }, { stem: '/run/a' });
    const ends = (item: Made | Failed) => (isFailed(item) ? item.error : nameOf(item));
    const error = new DownloadError(
      'ERR_NO_FILE_NAME',
      'The files of prediction p1 have no name: Expected `stem` to be a function, as p0 has the name /run/a',
      { suggestion: expect.stringContaining('paid, and at https://') as never },
    );
    expectObservable(of(...items(2)).pipe(operator, map(ends))).toBe('f--(a|)', { ...names, f: error });
    // Each subscription has its own first prediction.
    expectObservable(of(...items(1)).pipe(operator, map(nameOf))).toBe('---(a|)', names);
  }),
);

it.each<[string, StemOf]>([
  [
    'throws',
    () => {
      throw new Error('no name');
    },
  ],
  ['leaves the folder', () => '../../escape'],
  ['returns no text', () => undefined as never],
])('fails one item, before its download, if `stem` %s', (_what, bad) => {
  const ends: string[] = [];
  const stem: StemOf = (prediction, index, request) =>
    index === 0 ? (bad as (...all: unknown[]) => string)(prediction, index, request) : `ok-${index}`;
  of(...items(2))
    .pipe(downloadOutput({ download: (_url, target) => of(aFile(target.stem)) }, { folder: '/run', stem }))
    .subscribe((item) => ends.push(isFailed(item) ? item.error.message : nameOf(item)));
  expect(ends).toEqual([expect.stringMatching(/^The files of prediction p0 have no name: /), 'm1']);
});

it('wants a folder or a stem, and fails plans whose path leaves the folder', () => {
  expect(() => downloadOutput({ download: () => NEVER }, {})).toThrow('Expected `folder` or `stem`');
  const errors: unknown[] = [];
  of(madeOf(aPrediction(), { request: { ...aRequest(), path: '../a' } }))
    .pipe(downloadOutput({ download: () => NEVER }, { folder: '/run' }))
    .subscribe((item) => errors.push(isFailed(item) && item.error.code));
  expect(errors).toEqual(['ERR_NO_FILE_NAME']);
});

it('fails an item of which a downloader, or a renderer, emits nothing', () => {
  const codes: unknown[] = [];
  const note = (item: Made | Failed) => codes.push(isFailed(item) && item.error.code);
  of(...items(1))
    .pipe(downloadOutput({ download: () => EMPTY }, { folder: '/run' }))
    .subscribe(note);
  const downloaded = { ...madeOf(aPrediction()), files: [aFile('/run/a.png')] };
  of(downloaded)
    .pipe(renditions({ render: () => EMPTY }, [{} as never]))
    .subscribe(note);
  expect(codes).toEqual(['ERR_FUNCTION_VALUE', 'ERR_FUNCTION_VALUE']);
});

it(
  'downloads so many items at a time; one that fails does not end the others, a full disk does',
  marbles(({ cold, expectObservable }) => {
    const gone = new DownloadError('ERR_NOT_AN_IMAGE', 'a web page');
    const full = new StorageError('ERR_DISK_FULL', 'full');
    const downloads =
      (error: unknown) =>
      (_url: string, { stem }: DownloadTarget) =>
        stem.endsWith('p1') ? cold<ImageFile>('-#', {}, error) : cold('---(f|)', { f: aFile(stem) });
    const all = (error: unknown, concurrency: number) =>
      of(...items(3)).pipe(
        downloadOutput({ download: downloads(error) }, { folder: '/run', concurrency }),
        map(nameOf),
      );
    expectObservable(all(gone, 3)).toBe('-f-(ac|)', names);
    expectObservable(all(gone, 1)).toBe('---af--(c|)', names);
    expectObservable(all(full, 2)).toBe('---(a#)', names, full);
  }),
);

it('passes failed items, and fails those whose prediction has failed, with its error', () => {
  const ledger = createLedger({ limitMicroUsd: 10 });
  const failed = aPrediction({ status: 'failed', output: null, outputComplete: false, error: 'NSFW' });
  const item = madeOf(failed, { reservation: ledger.reserve(5) });
  const seen: (Made | Failed)[] = [];
  of(item)
    .pipe(downloadOutput({ download: () => NEVER }, { folder: '/run' }))
    .subscribe((one) => seen.push(one));
  expect(seen).toMatchObject([
    { index: 0, stage: 'polling', costMicroUsd: 0, error: { name: 'PredictionError', message: 'NSFW' } },
  ]);
  const [one] = seen;
  if (one === undefined || !isFailed(one)) throw new Error('It has not failed.');
  const passed: unknown[] = [];
  of(one)
    .pipe(downloadOutput({ download: () => NEVER }, { folder: '/run' }), renditions({ render: () => NEVER }))
    .subscribe((other) => passed.push(other));
  expect(passed).toEqual([one]);
  // It has cost nothing.
  expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([0, 0]);
});

it('gives the writer of provenance the item that an image belongs to', async () => {
  const asked: unknown[] = [];
  const embedProvenance = async (bytes: Buffer, _format: string, { index }: Made) => {
    asked.push(index);
    return bytes;
  };
  const download = (_url: string, target: DownloadTarget) => {
    void target.embedProvenance?.(Buffer.alloc(0), 'png');
    return of(aFile(`${target.stem}.png`));
  };
  of(...items(2))
    .pipe(downloadOutput({ download }, { folder: '/run', embedProvenance }))
    .subscribe();
  expect(asked).toEqual([0, 1]);
});

it('continues with the files that are there, and reports missing and refused ones', () => {
  const gone = new DownloadError('ERR_OUTPUT_GONE', 'gone');
  const broken = new RenderError('ERR_UNDECODABLE', 'no');
  const said: unknown[] = [];
  const download = (url: string, { stem, transform }: DownloadTarget) => {
    void transform?.(aFile(`${stem}.png`));
    return url === 'two' ? throwError(() => gone) : of(aFile(`${stem}.png`));
  };
  const check = ({ path }: ImageFile) => (path.endsWith('--3.png') ? throwError(() => broken) : EMPTY);
  const answers = { ...madeOf(aPrediction()).answers, urlsOf: () => ['one', 'two', 'three'] };
  const ends: unknown[] = [];
  of(madeOf(aPrediction(), { index: 4, answers }))
    .pipe(
      downloadOutput(
        { download },
        {
          stem: '/run/a',
          retries: 0,
          transform: async ({ path }, { index }) => {
            said.push(['changes', path, index]);
            return null;
          },
        },
      ),
      renditions({ render: () => NEVER, check }, []),
    )
    .subscribe((item) => ends.push(item));
  expect(said).toEqual([
    ['changes', '/run/a.png', 4],
    ['changes', '/run/a--2.png', 4],
    ['changes', '/run/a--3.png', 4],
  ]);
  expect(ends).toMatchObject([
    {
      index: 4,
      images: [{ original: { ...aFile('/run/a.png'), output: 0 } }],
      missing: [{ output: 1, error: gone }],
      refused: [{ original: { path: '/run/a--3.png', output: 2 }, error: broken }],
    },
  ]);
});

it(
  'renders so many items at a time; one that cannot be decoded does not end the others',
  marbles(({ cold, expectObservable }) => {
    const broken = new RenderError('ERR_UNDECODABLE', 'no');
    const spec = { name: 's', widthPx: 1, heightPx: 1, fit: 'cover', format: 'png', quality: 80 } as const;
    const files = (index: number) => [aFile(`/run/${index}.png`)];
    const all = items(3).map((item) => ({ ...item, files: files(item.index) }));
    const render = ({ path }: ImageFile) =>
      path === '/run/1.png' ? cold<[]>('-#', {}, broken) : cold<[]>('---(r|)', { r: [] });
    const rendered = (concurrency: number) =>
      of(...all).pipe(renditions({ render }, [spec], { concurrency }), map(nameOf));
    expectObservable(rendered(3)).toBe('-f-(ac|)', names);
    expectObservable(rendered(1)).toBe('---af--(c|)', names);
  }),
);

it('makes the renditions of each request if it is given none', () => {
  const spec = { name: 's', widthPx: 1, heightPx: 1, fit: 'cover', format: 'png', quality: 80 } as const;
  const wanted: unknown[] = [];
  const render = (_original: ImageFile, specs: readonly unknown[]) => {
    wanted.push(specs);
    return of([]);
  };
  const request = { ...aRequest(), renditions: [spec] };
  of({ ...madeOf(aPrediction(), { request }), files: [aFile('/run/a.png')] })
    .pipe(renditions({ render }))
    .subscribe();
  expect(wanted).toEqual([[spec]]);
});

it(
  'rates so many values at a time',
  marbles(({ cold, expectObservable }) => {
    const imageOf = (path: string) => ({ path, prompt: '', index: 0 });
    const rated = cold('(ab|)').pipe(
      scoreImage(() => cold('--(x|)', { x: 1 }), { imageOf, concurrency: 1 }),
      map(({ value }) => value),
    );
    expectObservable(rated).toBe('--a-(b|)');
  }),
);

it.each([
  ['downloadOutput', () => downloadOutput({ download: () => NEVER }, { folder: '/run', concurrency: 0 })],
  ['renditions', () => renditions({ render: () => NEVER }, [], { concurrency: 0 })],
  [
    'scoreImage',
    () => scoreImage(() => 1, { imageOf: () => ({ path: '', prompt: '', index: 0 }), concurrency: 0 }),
  ],
])('%s refuses a concurrency of 0 at call time', (_name, operator) => {
  expect(operator).toThrow('Expected `concurrency` to be an integer of 1 or more, got 0');
});

it.each([
  ['timeoutMs', 'a number of 0 or more', () => awaitPrediction(fakeProvider(), { timeoutMs: Number.NaN })],
  ['startingMs', 'a number of 0 or more', () => awaitPrediction(fakeProvider(), { startingMs: -1 })],
  ['retries', 'an integer of 0 or more', () => createPrediction(fakeProvider(), { retries: -1 })],
  ['delayMs', 'a number of 0 or more', () => createPrediction(fakeProvider(), { delayMs: -1 })],
  [
    'retries',
    'an integer of 0 or more',
    () => downloadOutput({ download: () => NEVER }, { folder: '/', retries: 0.5 }),
  ],
  ['most', 'an integer of 1 or more', () => createConcurrencyLearner({ most: 0 })],
])('refuses a wrong `%s` at call time', (name, expected, operator) => {
  expect(operator).toThrow(`Expected \`${name}\` to be ${expected}, got `);
});
