import { createHash, randomUUID } from 'node:crypto';
import { closeSync, createReadStream, createWriteStream, openSync, read, rmSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { UsageError } from '../errors.ts';
import { hashFile } from './hashFile.ts';
import { fileProblem } from './storageError.ts';

/** The content that a file had at one moment. It can be read any number of times. */
export interface Snapshot {
  /** Path of the file. */
  readonly path: string;
  readonly bytes: number;
  /** Of the content, as hex. */
  readonly sha256: string;
  /** Reads the content from its beginning. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Resolves with true if the file has another content by now, or is gone. */
  hasChanged(): Promise<boolean>;
}

/**
 * Measured: larger chunks are slower and take more memory, as their rows outlive the young
 * generation.
 */
const CHUNK_BYTES = 64 * 1024;

interface SnapshotConfig {
  /** The largest content to hold in memory; a larger one is copied aside. Default 8 MiB. */
  maxInMemoryBytes?: number;
}

/**
 * Takes a snapshot of a file, so that several passes read the same even if the file changes
 * meanwhile.
 * Rejects with the system's error if it cannot be read, and with `UsageError` if there is no room
 * for a copy.
 */
export async function takeSnapshot(
  path: string,
  { maxInMemoryBytes = 8 * 2 ** 20 }: SnapshotConfig = {},
): Promise<Snapshot> {
  const { size } = await stat(path);
  const content = size <= maxInMemoryBytes ? await readWhole(path) : await copyAside(path);
  return {
    path,
    ...content,
    hasChanged: async () => (await hashFile(path).catch(() => null)) !== content.sha256,
  };
}

type Content = Pick<Snapshot, 'bytes' | 'sha256' | 'chunks'>;

async function readWhole(path: string): Promise<Content> {
  const content = await readFile(path);
  return {
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    async *chunks() {
      for (let at = 0; at < content.length; at += CHUNK_BYTES) yield content.subarray(at, at + CHUNK_BYTES);
    },
  };
}

/** Closes the copies of snapshots that nothing refers to any more. */
const copies = new FinalizationRegistry(closeSync);

/** Copies a file to one without a name, which is gone with this process, however that ends. */
async function copyAside(path: string): Promise<Content> {
  const name = join(tmpdir(), `rxposure-${randomUUID()}`);
  const hash = createHash('sha256');
  let bytes = 0;
  const count = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  try {
    await pipeline(createReadStream(path), count, createWriteStream(name, { flags: 'wx', mode: 0o600 }));
    const copy = { fd: openSync(name, 'r') };
    copies.register(copy, copy.fd);
    return { bytes, sha256: hash.digest('hex'), chunks: () => chunksOf(copy) };
  } catch (error) {
    throw isOfSource(error, path) ? error : noRoom(path, error);
  } finally {
    rmSync(name, { force: true });
  }
}

const readAt = promisify(read);

async function* chunksOf(copy: { readonly fd: number }): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const { bytesRead } = await readAt(copy.fd, buffer, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

function isOfSource(error: unknown, path: string): boolean {
  if (!(error instanceof Error)) return false;
  return ('path' in error && error.path === path) || ('syscall' in error && error.syscall === 'read');
}

function noRoom(path: string, cause: unknown): UsageError {
  return new UsageError(`${path}: Expected room for a copy in ${tmpdir()}, got ${fileProblem(cause)}`, {
    suggestion: 'Free some space there, or name another folder in the environment variable TMPDIR.',
    cause,
  });
}
