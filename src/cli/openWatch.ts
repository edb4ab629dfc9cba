import type { LiveView } from '../live/openLiveView.ts';
import { manifestOutcomes } from '../sinks/manifestOutcomes.ts';

/**
 * A page on this machine that shows the run in a folder while it goes, what earlier runs left there included. Rejects with
 * `UsageError` where the port is taken.
 */
export async function openWatch(folder: string, port: number): Promise<LiveView> {
  // Loaded only where it is asked for: scripts start faster without a server.
  const { openLiveView } = await import('../live/openLiveView.ts');
  return openLiveView({ folder, port, earlier: manifestOutcomes(folder) });
}
