import { open } from 'node:fs/promises';

/** Makes the renames inside a folder survive a power cut. Windows cannot flush folders and needs no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
