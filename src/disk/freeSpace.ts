import { statfs } from 'node:fs/promises';

/** The room that a file system has left. */
export interface FreeSpace {
  readonly bytes: number;
  /** Files that may still be made; null if the file system has no such limit, or reports none. */
  readonly files: number | null;
}

/** The figures of `statfs` that count here. */
export interface FileSystemFigures {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/**
 * Returns the room that a folder's file system has left. Resolves with null if it does not report
 * it, or reports impossible figures: some network file systems have no blocks at all.
 */
export async function freeSpace(folder: string): Promise<FreeSpace | null> {
  const figures = await statfs(folder).catch(() => null);
  return figures === null ? null : readFigures(figures, process.getuid?.() === 0);
}

/** Reads the figures of a file system; `isRoot` if its reserve may be used. */
export function readFigures(figures: FileSystemFigures, isRoot: boolean): FreeSpace | null {
  const { bsize, blocks, bfree, bavail, files, ffree } = figures;
  const free = isRoot ? Math.max(bfree, bavail) : bavail;
  const isSound = [bsize, blocks, free].every((figure) => Number.isFinite(figure) && figure > 0);
  // A folder that has just taken a file is not on a full disk, even if these figures claim it.
  if (!isSound || free > blocks) return null;
  const saysFiles = files > 0 && ffree >= 0 && ffree <= files;
  return { bytes: free * bsize, files: saysFiles ? ffree : null };
}
