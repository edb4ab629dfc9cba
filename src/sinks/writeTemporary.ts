import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { temporaryPath } from '../temporaryPath.ts';

/** Writes data beside `path`, flushed to the disk, ready to be renamed. Makes the folders. Rejects with the system's error. */
export async function writeTemporary(path: string, data: string | Uint8Array): Promise<void> {
  await ensureDir(dirname(path));
  const handle = await open(temporaryPath(path), 'w');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
