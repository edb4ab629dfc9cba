import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LiveView } from '../live/openLiveView.ts';
import { readOutcomes } from '../sinks/readOutcomes.ts';
import { scanManifest } from '../sinks/scanManifest.ts';
import type { Outcome } from '../types.ts';

/**
 * A page on this machine that shows the run in a folder while it goes, what earlier runs left there included. Rejects with
 * `UsageError` where the port is taken.
 */
export async function openWatch(folder: string, port: number): Promise<LiveView> {
  // Loaded only where it is asked for: scripts start faster without a server.
  const { openLiveView } = await import('../live/openLiveView.ts');
  return openLiveView({ folder, port, earlier: earlierOutcomes(folder) });
}

async function* earlierOutcomes(folder: string): AsyncGenerator<Outcome> {
  const path = join(folder, 'manifest.jsonl');
  const handle = await open(path).catch(() => null);
  if (handle === null) return;
  try {
    const { index } = await scanManifest(handle);
    yield* readOutcomes(handle, index, path);
  } finally {
    await handle.close();
  }
}
