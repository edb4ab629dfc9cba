import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { createDownloader } from '../../../src/providers/downloads/downloader.ts';
import { watchPace } from '../../../src/providers/downloads/pace.ts';
import { localServer } from '../../helpers/localServer.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';
import { VirtualClock } from '../../helpers/virtualClock.ts';

const folder = temporaryFolder();
const slow = expect.objectContaining({ name: 'DownloadError', code: 'ERR_DOWNLOAD_SLOW', recoverable: true });

/** Passes chunks at their times, in ms; returns the time of the one that was too few, or null. */
function endOf(chunks: readonly (readonly [atMs: number, bytes: number])[]): number | null {
  const scheduler = new VirtualClock();
  const pass = watchPace('the file', { bytesPerSecond: 1_000, overMs: 30_000, scheduler });
  for (const [atMs, bytes] of chunks) {
    scheduler.advance(atMs - scheduler.now());
    try {
      pass(bytes);
    } catch (error) {
      expect(error).toEqual(slow);
      return atMs;
    }
  }
  return null;
}

const each = (everyMs: number, bytes: number, count: number) =>
  Array.from({ length: count }, (_, index) => [(index + 1) * everyMs, bytes] as const);

it.each<[string, readonly (readonly [number, number])[], number | null]>([
  ['a byte a second', each(1_000, 1, 100), 30_000],
  ['a kilobyte a second', each(1_000, 1_000, 100), null],
  ['a little less', each(1_000, 999, 100), 30_000],
  [
    'a slow start within half a minute',
    [
      [29_999, 1],
      [30_000, 40_000],
      [59_000, 1],
    ],
    null,
  ],
  ['a fast start, and then drops', [[1, 10_000_000], ...each(1_000, 1, 100)], 60_000],
  ['nothing at all for long', [[100_000, 50_000]], 100_000],
  ['a burst each half minute', each(30_000, 30_000, 5), null],
])('judges %s', (_name, chunks, end) => {
  expect(endOf(chunks)).toBe(end);
});

it('breaks a drip off, and removes what has come', async () => {
  let closed = false;
  const { url } = await localServer((_request, response) => {
    response.once('close', () => {
      closed = true;
    });
    response.writeHead(200, { 'content-length': 1_000_000 }).write('x');
  });
  // A clock on which any two moments are a minute apart.
  let nowMs = 0;
  const scheduler = {
    ...new VirtualClock(),
    now: () => (nowMs += 60_000),
    schedule: () => {
      throw new Error('no timer');
    },
  };
  const download = createDownloader({ isLocal: true, scheduler }).download(url, {
    stem: `${folder()}/a/cat`,
  });
  await expect(lastValueFrom(download)).rejects.toEqual(slow);
  await expect.poll(() => closed).toBe(true);
});

it('waits no longer for headers than for silence, however they come', async () => {
  const { url } = await localServer((_request, response) => {
    // The beginning of a response, byte by byte: the connection is never silent.
    const { socket } = response;
    const timer = setInterval(() => socket?.write('H'), 5);
    socket?.once('close', () => clearInterval(timer));
    socket?.write('HTTP/1.1 200 OK\r\nx: ');
  });
  const download = createDownloader({ isLocal: true, idleTimeoutMs: 100 }).download(url, {
    stem: `${folder()}/a/cat`,
  });
  await expect(lastValueFrom(download)).rejects.toMatchObject({ code: 'ERR_DOWNLOAD_CUT' });
});
