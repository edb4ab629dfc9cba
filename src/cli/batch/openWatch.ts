import { merge, NEVER, type Observable } from 'rxjs';
import type { Control } from '../../pipelines/journey/config.ts';
import type { LiveView } from '../../sinks/gallery/liveView.ts';
import { manifestOutcomes } from '../../sinks/manifest/manifest.ts';

/**
 * Opens a page on this machine that shows the run live, with the images of earlier runs in the
 * folder. Rejects with `UsageError` if the port is taken.
 */
export async function openWatch(folder: string, port: number, service: string | null): Promise<LiveView> {
  // Loaded only on demand: scripts start faster without a server.
  const { openLiveView } = await import('../../sinks/gallery/liveView.ts');
  return openLiveView({ folder, port, service, earlier: manifestOutcomes(folder) });
}

/** Returns the controls of a run: those of its page, and `cancelOnExit` if an exit cancels. */
export function controlsOf(
  live: LiveView | null,
  cancelOnExit: Observable<unknown> = NEVER,
): Pick<Control, 'cancel' | 'paused'> {
  if (live === null) return cancelOnExit === NEVER ? {} : { cancel: cancelOnExit };
  return { cancel: merge(cancelOnExit, live.cancel), paused: live.paused };
}
