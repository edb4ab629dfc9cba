import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** Gives each test of a file a folder of its own: call it for the path. */
export function temporaryFolder(): () => string {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rxposure-sinks-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return () => folder;
}
