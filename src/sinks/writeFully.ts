import type { FileHandle } from 'node:fs/promises';

/** Writes all of it at a place: the system may write less than it was given. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, offsetBytes: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(
      bytes,
      written,
      bytes.length - written,
      offsetBytes + written,
    );
    written += bytesWritten;
  }
}
