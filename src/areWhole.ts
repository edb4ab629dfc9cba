import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { ImageFile } from './types.ts';

/** Whether all of these files are still there with the content that they were written down with. */
export async function areWhole(files: readonly ImageFile[]): Promise<boolean> {
  for (const { path, sha256 } of files) {
    const hash = createHash('sha256');
    const isRead = await pipeline(createReadStream(path), hash).then(
      () => true,
      () => false,
    );
    if (!isRead || hash.digest('hex') !== sha256) return false;
  }
  return true;
}
