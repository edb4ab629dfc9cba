import { lastValueFrom, mergeMap, NEVER, of, timer } from 'rxjs';
import { expect, it } from 'vitest';
import { type ClockScheduler, monotonicScheduler } from '../../../src/base/monotonicScheduler.ts';
import { ProviderError } from '../../../src/errors.ts';
import { createGate } from '../../../src/operators/gate.ts';
import { createUploads } from '../../../src/operators/stages/uploads.ts';
import type { InputFile, UploadedFile } from '../../../src/types.ts';
import { marbles } from '../../helpers/marbles.ts';

const aFile = (sha256: string, name = 'cat.png'): InputFile => ({
  source: `/${name}`,
  name,
  bytes: 1,
  sha256,
  mediaType: 'image/png',
});
const cat = aFile('c');
const anHour: UploadedFile = { url: 'u', lifetimeMs: 3_600_000 };
const config = { within: createGate(9), neededMs: 10, random: () => 1 };

it(
  'uploads identical content once, under any name and for any number of callers',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const upload = cold('                             ----(u|)', { u: anHour });
    const uploads = createUploads({ ...config, upload: () => upload });
    expectObservable(uploads.urlOf(cat)).toBe('       ----(u|)');
    const copy = aFile('c', 'copy.png');
    expectObservable(uploads.urlOf(copy), '--^').toBe(' ----(u|)');
    expectObservable(uploads.urlOf(cat), ' ------^').toBe('------(u|)');
    expectSubscriptions(upload.subscriptions).toBe('^---!');
  }),
);

it(
  'uploads other content for itself, so many at a time',
  marbles(({ cold, expectObservable }) => {
    const uploads = createUploads({
      ...config,
      within: createGate(1),
      upload: ({ sha256 }) => cold('--(u|)', { u: { ...anHour, url: sha256 } }),
    });
    expectObservable(uploads.urlOf(aFile('a'))).toBe('--(a|)');
    expectObservable(uploads.urlOf(aFile('b'))).toBe('----(b|)');
  }),
);

it(
  'uploads again a file whose address would not be valid for long enough',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const upload = cold('--(u|)', { u: { url: 'u', lifetimeMs: 100 } });
    const uploads = createUploads({ ...config, upload: () => upload });
    const at = (ms: number) => timer(ms).pipe(mergeMap(() => uploads.urlOf(cat)));
    expectObservable(at(0)).toBe('                 --(u|)');
    expectObservable(at(90)).toBe('           90ms (u|)'); // 100 - 10: just enough.
    expectObservable(at(91)).toBe('        91ms --(u|)');
    expectSubscriptions(upload.subscriptions).toBe(['^-!', '91ms ^-!']);
  }),
);

it(
  'uses files that the service never keeps long enough for half of their lifetime',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const upload = cold('(u|)', { u: { url: 'u', lifetimeMs: 8 } });
    const uploads = createUploads({ ...config, upload: () => upload });
    const at = (ms: number) => timer(ms).pipe(mergeMap(() => uploads.urlOf(cat)));
    expectObservable(at(0)).toBe('(u|)');
    expectObservable(at(4)).toBe('----(u|)');
    expectObservable(at(5)).toBe('-----(u|)');
    expectSubscriptions(upload.subscriptions).toBe(['(^!)', '-----(^!)']);
  }),
);

it(
  'repeats after errors that may pass, keeps no failure, and emits other errors',
  marbles(({ cold, expectObservable }) => {
    const lost = new ProviderError('ERR_TEST', 'lost', { recoverable: true, tookEffect: 'unknown' });
    const refused = new ProviderError('ERR_TEST', 'refused', { status: 413 });
    const answers = [cold<UploadedFile>('-#', undefined, lost), cold('-(u|)', { u: anHour })];
    const uploads = createUploads({ ...config, upload: () => answers.shift() ?? NEVER });
    expectObservable(uploads.urlOf(cat)).toBe('- 500ms -(u|)');
    const bad = createUploads({ ...config, upload: () => cold<UploadedFile>('-#', undefined, refused) });
    expectObservable(bad.urlOf(cat)).toBe('-#', undefined, refused);
  }),
);

it('forgets the oldest of very many', () => {
  let uploaded = 0;
  const uploads = createUploads({
    ...config,
    upload: () => {
      uploaded += 1;
      return of(anHour);
    },
  });
  for (let n = 0; n < 10_001; n += 1) uploads.urlOf(aFile(String(n))).subscribe();
  uploads.urlOf(aFile('10000')).subscribe();
  expect(uploaded).toBe(10_001);
  uploads.urlOf(aFile('0')).subscribe();
  expect(uploaded).toBe(10_002);
});

it('uploads again if the file has expired by either of two clocks', async () => {
  let [nowMs, localMs, count] = [0, 0, 0];
  const scheduler: ClockScheduler = { ...monotonicScheduler, now: () => nowMs, wallNow: () => localMs };
  const uploads = createUploads({
    ...config,
    upload: () => of({ url: `u${++count}`, lifetimeMs: 100 }),
    scheduler,
  });
  const url = () => lastValueFrom(uploads.urlOf(cat));
  expect(await url()).toBe('u1');
  localMs = -1_000; // The clock is set back.
  nowMs = 90;
  expect(await url()).toBe('u1');
  nowMs = 91;
  expect(await url()).toBe('u2');
  localMs += 91; // The machine has slept.
  expect(await url()).toBe('u3');
});
