import type { SchedulerLike } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { Downloader } from '../../ports.ts';
import { isHostAway } from '../internal/outageErrors.ts';
import { createOutage, type Outage } from '../pace/outage.ts';
import { throughOutage } from '../pace/throughOutage.ts';

export interface WatchFilesConfig {
  /**
   * Longest time for which downloads wait for a file host that is away; then they fail. Default
   * 2,700,000.
   */
  maxOutageMs?: number;
  /**
   * Called when the first download has to wait, with the error of the last one, and with null when
   * the host responds again, or was away for too long. Default: no-op.
   */
  onChange?: (error: unknown, isTooLong: boolean) => void;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** Downloads in a row to which the host does not respond. */
const FAILED_DOWNLOADS = 3;

/**
 * Watches all downloads. While the file host is away (no connection, 502, 503 or 504), they wait
 * instead of failing, and one of them tries now and then.
 */
export function watchFiles(
  downloader: Downloader,
  config: WatchFilesConfig = {},
): { readonly downloader: Downloader; readonly outage: Pick<Outage, 'isAway' | 'began'> } {
  const { scheduler = monotonicScheduler } = config;
  const outage = createOutage({ ...config, failures: FAILED_DOWNLOADS, scheduler });
  return {
    downloader: {
      download: (url, target) => throughOutage(outage, () => downloader.download(url, target), isHostAway),
    },
    outage,
  };
}
