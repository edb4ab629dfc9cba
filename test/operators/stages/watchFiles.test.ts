import { defer, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { DownloadError } from '../../../src/errors.ts';
import { watchFiles } from '../../../src/operators/stages/watchFiles.ts';
import type { DownloadTarget } from '../../../src/ports.ts';
import { anImageFile } from '../../../src/testing/aPlan.ts';
import { marbles } from '../../helpers/marbles.ts';

const away = new DownloadError('ERR_NO_CONNECTION', 'away', { recoverable: true, isOutage: true });
const target: DownloadTarget = { stem: '/run/a' };
const file = anImageFile();

it(
  'lets downloads wait while the host is away, and one of them tries until it responds',
  marbles(({ cold, expectObservable, flush }) => {
    let asked = 0;
    const changes: unknown[] = [];
    // Three failures in a row make an outage; the host is back for the try after the pause of 1 s.
    const download = () =>
      defer(() => {
        asked += 1;
        return asked <= 3 ? cold<typeof file>('-#', undefined, away) : cold('--(f|)', { f: file });
      });
    const watched = watchFiles({ download }, { onChange: (error) => changes.push(error) });
    const all = ['a', 'b', 'c'].map((url) => watched.downloader.download(url, target));
    // Each of the first two fails before the outage is known, so they would fail outside of this.
    expectObservable(all[0] ?? throwError(() => 'none')).toBe('-#', undefined, away);
    expectObservable(all[1] ?? throwError(() => 'none')).toBe('-#', undefined, away);
    expectObservable(all[2] ?? throwError(() => 'none')).toBe('- 1000ms --(f|)', { f: file });
    flush();
    expect([asked, changes, watched.outage.isAway]).toEqual([4, [away, null], false]);
  }),
);

it(
  'passes on an error that is a response of the host',
  marbles(({ cold, expectObservable }) => {
    const gone = new DownloadError('ERR_OUTPUT_GONE', 'gone');
    const { downloader, outage } = watchFiles({ download: () => cold('-#', undefined, gone) });
    expectObservable(downloader.download('a', target)).toBe('-#', undefined, gone);
    expect(outage.isAway).toBe(false);
  }),
);
