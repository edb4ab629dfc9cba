import { defer, EMPTY, lastValueFrom, map, NEVER, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { isFailed } from '../../../src/base/items/item.ts';
import { DownloadError, StorageError } from '../../../src/errors.ts';
import { createGate, gate } from '../../../src/operators/gate.ts';
import {
  type DownloadOutputConfig,
  downloadOutput as downloadItems,
} from '../../../src/operators/stages/downloadOutput.ts';
import type { Downloader } from '../../../src/ports.ts';
import type { ImageFile, Json } from '../../../src/types.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';
import { alone, madeOf } from '../../helpers/oneItem.ts';

const { downloadOutput } = alone;

/** The files and the missing outputs of an item, or how it has failed. */
const parts = (output: Json, downloader: Downloader, fields: Partial<DownloadOutputConfig> = {}) =>
  of(madeOf(aPrediction({ output }))).pipe(
    downloadItems(downloader, { ...config, ...fields }),
    map((item) => {
      const { missing } = item;
      return isFailed(item) ? { error: item.error, missing } : { files: item.files, missing };
    }),
  );

const urlsOf = (output: Json) => (Array.isArray(output) ? output.map(String) : []);
const config = { stem: '/run/0001-a-cat', urlsOf, delayMs: 2, random: () => 1 };
const aFile = (name: string): ImageFile => ({
  path: `/run/${name}`,
  bytes: 1,
  sha256: '00',
  format: 'png',
  widthPx: 1,
  heightPx: 1,
});
const cut = new DownloadError('ERR_TRUNCATED', 'cut', { recoverable: true });
const gone = new DownloadError('ERR_OUTPUT_GONE', 'gone');
const noImage = new DownloadError('ERR_NOT_AN_IMAGE', 'a web page');

it(
  'emits the file when it is whole',
  marbles(({ cold, expectObservable }) => {
    const download = () => cold('---(f|)', { f: aFile('a.png') });
    expectObservable(of(aPrediction()).pipe(downloadOutput({ download }, config))).toBe('---(f|)', {
      f: [aFile('a.png')],
    });
  }),
);

it(
  'passes on never and empty',
  marbles(({ expectObservable }) => {
    const operator = downloadOutput({ download: () => NEVER }, config);
    expectObservable(NEVER.pipe(operator), '---!').toBe('---');
    expectObservable(EMPTY.pipe(operator)).toBe('|');
  }),
);

it(
  'brings several files at once, each under a name of its own, in the order of the output',
  marbles(({ cold, expectObservable, flush }) => {
    const stems: string[] = [];
    const download = (url: string, { stem }: { stem: string }) => {
      stems.push(stem);
      return url === 'one' ? cold('---(f|)', { f: aFile('one') }) : cold('-(f|)', { f: aFile('two') });
    };
    const prediction = aPrediction({ output: ['one', 'two'] });
    expectObservable(of(prediction).pipe(downloadOutput({ download }, config))).toBe('---(f|)', {
      f: [aFile('one'), aFile('two')],
    });
    flush();
    expect(stems).toEqual(['/run/0001-a-cat', '/run/0001-a-cat--2']);
  }),
);

it(
  'asks again for a file that is not there yet, a few times',
  marbles(({ cold, expectObservable }) => {
    const answers = [cold<ImageFile>('-#', undefined, gone), cold('-(f|)', { f: aFile('a.png') })];
    const late = { download: () => defer(() => answers.shift() ?? NEVER) };
    expectObservable(of(aPrediction()).pipe(downloadOutput(late, config))).toBe('----(f|)', {
      f: [aFile('a.png')],
    });
    const never = { download: () => cold<ImageFile>('-#', undefined, gone) };
    expectObservable(of(aPrediction()).pipe(downloadOutput(never, config))).toBe('18ms #', undefined, gone); // 1 + 2 + 1 + 4 + 1 + 8 + 1
  }),
);

it(
  'downloads a file again that was cut',
  marbles(({ cold, expectObservable }) => {
    const answers = [cold<ImageFile>('-#', undefined, cut), cold('-(f|)', { f: aFile('a.png') })];
    const download = () => defer(() => answers.shift() ?? NEVER);
    expectObservable(of(aPrediction()).pipe(downloadOutput({ download }, config))).toBe('----(f|)', {
      f: [aFile('a.png')],
    });
  }),
);

it(
  'gives up at once if another try cannot help',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const download = cold<ImageFile>('-#', undefined, noImage);
    expectObservable(of(aPrediction()).pipe(downloadOutput({ download: () => download }, config))).toBe(
      '-#',
      undefined,
      noImage,
    );
    expectSubscriptions(download.subscriptions).toBe(['^!']);
  }),
);

it(
  'does not try again when the disk refuses',
  marbles(({ expectObservable }) => {
    const full = new StorageError('ERR_DISK_FULL', 'full', { recoverable: true });
    const download = () => throwError(() => full);
    expectObservable(of(aPrediction()).pipe(downloadOutput({ download }, config))).toBe('#', undefined, full);
  }),
);

it('distinguishes an output without files from one that the service has deleted', () => {
  const codeOf = (fields: Parameters<typeof aPrediction>[0]) => {
    let code = '';
    of(aPrediction(fields))
      .pipe(downloadOutput({ download: () => NEVER }, config))
      .subscribe({
        error: (error: DownloadError) => {
          code = error.code;
        },
      });
    return code;
  };
  expect(codeOf({ output: null })).toBe('ERR_NO_OUTPUT');
  expect(codeOf({ output: null, dataRemoved: true })).toBe('ERR_OUTPUT_GONE');
});

it(
  'waits for a slot of the gate',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const download = cold('---(f|)', { f: aFile('a.png') });
    const operator = downloadOutput({ download: () => download }, { ...config, within: gate(createGate(1)) });
    expectObservable(of(aPrediction()).pipe(operator)).toBe('---(f|)', { f: [aFile('a.png')] });
    expectObservable(of(aPrediction()).pipe(operator)).toBe('------(f|)', { f: [aFile('a.png')] });
    expectSubscriptions(download.subscriptions).toBe(['^--!', '---^--!']);
  }),
);

it(
  'drops the downloads when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const download = cold<ImageFile>('---(f|)');
    expectObservable(of(aPrediction()).pipe(downloadOutput({ download: () => download }, config)), '-!').toBe(
      '--',
    );
    expectSubscriptions(download.subscriptions).toBe('^!');
  }),
);

it(
  'continues with the outputs that are there, with their position, and names the others',
  marbles(({ cold, expectObservable }) => {
    const download = (url: string) =>
      url === 'two' ? cold<ImageFile>('-#', undefined, gone) : cold('---(f|)', { f: aFile(url) });
    expectObservable(parts(['one', 'two', 'three'], { download }, { retries: 0 })).toBe('---(f|)', {
      f: {
        files: [
          { ...aFile('one'), output: 0 },
          { ...aFile('three'), output: 2 },
        ],
        missing: [{ output: 1, error: gone }],
      },
    });
  }),
);

it(
  'has failed with the error that another try may mend if no output can be downloaded',
  marbles(({ cold, expectObservable }) => {
    const download = (url: string) => cold<ImageFile>('#', undefined, url === 'one' ? gone : cut);
    const missing = [
      { output: 0, error: gone },
      { output: 1, error: cut },
    ];
    expectObservable(parts(['one', 'two'], { download }, { retries: 0 })).toBe('(f|)', {
      f: { error: cut, missing },
    });
  }),
);

it(
  'downloads nothing that is present, and keeps refused files',
  marbles(({ expectObservable, flush }) => {
    const asked: string[] = [];
    const download = (url: string) => {
      asked.push(url);
      return of(aFile(url));
    };
    const refused = {
      name: 'DownloadError',
      code: 'ERR_X',
      message: 'no',
      recoverable: false,
      suggestion: '',
    };
    const present = new Map([
      [0, aFile('here')],
      [2, { ...aFile('odd'), refused }],
    ]);
    const kept = new DownloadError('ERR_X', 'no', { kept: aFile('odd') });
    expectObservable(parts(['one', 'two', 'three'], { download }, { present })).toBe('(f|)', {
      f: {
        files: [
          { ...aFile('here'), output: 0 },
          { ...aFile('two'), output: 1 },
        ],
        missing: [{ output: 2, error: kept }],
      },
    });
    flush();
    expect(asked).toEqual(['two']);
  }),
);

it(
  'lets an error that concerns the whole run end all of them',
  marbles(({ cold, expectObservable }) => {
    const full = new StorageError('ERR_DISK_FULL', 'full');
    const download = (url: string) => (url === 'one' ? cold<ImageFile>('-#', undefined, full) : NEVER);
    const prediction = aPrediction({ output: ['one', 'two'] });
    const operator = downloadOutput({ download }, config);
    expectObservable(of(prediction).pipe(operator)).toBe('-#', undefined, full);
  }),
);

it('puts files that `stem` names by a relative path into the folder, and nowhere else', async () => {
  const paths: string[] = [];
  const downloader: Downloader = {
    download: (_url, { stem, untouchedStem }) => {
      paths.push(stem, untouchedStem ?? '');
      return of(aFile('a'));
    },
  };
  const names = { folder: '/run', stem: () => 'foxes/1', untouchedStem: () => 'raw/1' };
  await lastValueFrom(parts(['a', 'b'], downloader, names));
  expect(paths).toEqual(['/run/foxes/1', '/run/raw/1', '/run/foxes/1--2', '/run/raw/1--2']);
  await lastValueFrom(parts(['a'], downloader, { ...names, stem: '/elsewhere/1' }));
  expect(paths[4]).toBe('/elsewhere/1');
  const { stem: _stem, ...byFolder } = { ...config, folder: 'out/foxes' };
  await lastValueFrom(of(madeOf(aPrediction({ output: ['a'] }))).pipe(downloadItems(downloader, byFolder)));
  expect(paths[6]).toMatch(/^(?:\/.*\/)?out\/foxes\/0001-[^/]*$/);
  const outside = parts(['a'], downloader, { ...names, stem: () => '../1' });
  expect(await lastValueFrom(outside)).toMatchObject({ error: { code: 'ERR_NO_FILE_NAME' } });
});
