import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';

/** What is whole in a shard. */
export interface ScannedShard {
  /** Job and content of each sample. */
  readonly samples: readonly string[];
  /** Behind the last whole sample. */
  readonly endBytes: number;
}

const BLOCK_BYTES = 512;

/**
 * Reads the headers of a shard up to its end, or to where a crash cut it; pictures are passed over, so a shard of gigabytes
 * takes milliseconds. A sample is whole where its `.json`, which is its last member, is.
 */
export async function scanShard(path: string): Promise<ScannedShard> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const samples: string[] = [];
    let endBytes = 0;
    for await (const member of members(file, size)) {
      const sample = await sampleOf(file, member);
      if (sample === null) continue;
      samples.push(sample);
      endBytes = member.endBytes;
    }
    return { samples, endBytes };
  } finally {
    await file.close();
  }
}

interface Member {
  readonly name: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Where the next member begins. */
  readonly endBytes: number;
}

/** The whole members of an archive of short names, in their order: https://www.gnu.org/software/tar/manual/html_node/Standard.html */
async function* members(file: FileHandle, sizeBytes: number): AsyncGenerator<Member> {
  const header = Buffer.alloc(BLOCK_BYTES);
  for (let at = 0; at + BLOCK_BYTES <= sizeBytes; ) {
    await file.read(header, 0, BLOCK_BYTES, at);
    const lengthBytes = Number.parseInt(textAt(header, 124, 12), 8);
    const offsetBytes = at + BLOCK_BYTES;
    const endBytes = offsetBytes + Math.ceil(lengthBytes / BLOCK_BYTES) * BLOCK_BYTES;
    // The empty blocks of the end have no length, and what a crash cut has less than it says.
    if (Number.isNaN(lengthBytes) || endBytes > sizeBytes) return;
    yield { name: textAt(header, 0, 100), offsetBytes, lengthBytes, endBytes };
    at = endBytes;
  }
}

function textAt(header: Buffer, from: number, length: number): string {
  return header
    .toString('latin1', from, from + length)
    .replace(/\0.*$/s, '')
    .trim();
}

const ending = z.object({ sample: z.string() });

/** What sample a member completes; null where it is another part of one. */
async function sampleOf(
  file: FileHandle,
  { name, offsetBytes, lengthBytes }: Member,
): Promise<string | null> {
  const [, key] = /^(\d+)\.json$/.exec(name) ?? [];
  if (key === undefined) return null;
  const content = Buffer.alloc(lengthBytes);
  await file.read(content, 0, lengthBytes, offsetBytes);
  return `${key} ${ending.parse(JSON.parse(content.toString())).sample}`;
}
