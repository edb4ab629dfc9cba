import type { SchedulerLike } from 'rxjs';
import { DownloadError } from '../../errors.ts';

export interface LeastPaceConfig {
  /** Bytes a second. */
  readonly bytesPerSecond: number;
  /** Time over which they are counted. */
  readonly overMs: number;
  readonly scheduler: SchedulerLike;
}

/**
 * Begins to watch the pace of a transfer; call the function with the bytes of each chunk. It throws
 * `DownloadError` at the first chunk after a time in which too few came: a file that comes byte by
 * byte would hold its slot for hours, and is never silent for long. `shown` names the transfer.
 */
export function watchPace(shown: string, config: LeastPaceConfig): (bytes: number) => void {
  const { bytesPerSecond, overMs, scheduler } = config;
  let sinceMs = scheduler.now();
  let received = 0;
  return (bytes) => {
    received += bytes;
    const tookMs = scheduler.now() - sinceMs;
    if (tookMs < overMs) return;
    if (received * 1_000 < bytesPerSecond * tookMs) {
      const message = `Expected at least ${bytesPerSecond} bytes a second from ${shown}, got ${received} bytes in ${Math.round(tookMs / 1_000)} s`;
      throw new DownloadError('ERR_DOWNLOAD_SLOW', message, {
        recoverable: true,
        suggestion:
          'Check the network and run the same command again: the service keeps the output for an hour.',
      });
    }
    [sinceMs, received] = [scheduler.now(), 0];
  };
}
