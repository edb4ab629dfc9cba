import { type FileHandle, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { z } from 'zod';
import { insideFolder } from '../../disk/insideFolder.ts';
import { openOwn } from '../../disk/ownFiles.ts';
import { importPackage } from '../../disk/storageError.ts';
import { DeliveryError } from '../../errors.ts';
import type { Outcome, OutcomeFile } from '../../types.ts';

/** The whole samples of a shard. */
export interface ScannedShard {
  /** False if the file is something else, and must not be changed. */
  readonly isOurs: boolean;
  /** Identifiers of the samples, by job and content. */
  readonly samples: readonly string[];
  /** Offset behind the last whole sample. */
  readonly endBytes: number;
}

const BLOCK_BYTES = 512;

/**
 * Reads the headers of a shard up to its end, or to the point where a crash cut it. Skips the
 * images, so a shard of gigabytes takes milliseconds. A sample is whole if its last member, the
 * `.json`, is: the members before it were flushed first.
 */
export async function scanShard(path: string): Promise<ScannedShard> {
  const file = await openOwn(path);
  try {
    const { size } = await file.stat();
    const samples: string[] = [];
    let endBytes = 0;
    for await (const member of members(file, size)) {
      if (!isMember(member.name)) return { isOurs: false, samples: [], endBytes: 0 };
      if (!isEnding(member)) continue;
      const sample = await sampleOf(file, member);
      if (sample === null) break;
      samples.push(sample);
      endBytes = member.endBytes;
    }
    return { isOurs: endBytes > 0 || (await isTornShard(file)), samples, endBytes };
  } finally {
    await file.close();
  }
}

/** Members have the number of their job, in nine digits, before the first point. */
function isMember(name: string): boolean {
  return /^\d{9}\./.test(name);
}

/**
 * Returns true if a crash left only the beginning of a shard's first sample: its first name, or
 * less, or an empty block.
 */
async function isTornShard(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, 0);
  const block = buffer.toString('latin1', 0, bytesRead);
  return isMember(block) || /^(?:\d{0,9}|\0+)$/.test(block);
}

interface Member {
  readonly name: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Offset of the next member. */
  readonly endBytes: number;
}

/**
 * Yields the whole members of an archive with short names, in order:
 * https://www.gnu.org/software/tar/manual/html_node/Standard.html
 */
async function* members(file: FileHandle, sizeBytes: number): AsyncGenerator<Member> {
  const header = Buffer.alloc(BLOCK_BYTES);
  for (let at = 0; at + BLOCK_BYTES <= sizeBytes; ) {
    await file.read(header, 0, BLOCK_BYTES, at);
    const lengthBytes = Number.parseInt(textAt(header, 124, 12), 8);
    const offsetBytes = at + BLOCK_BYTES;
    const endBytes = offsetBytes + Math.ceil(lengthBytes / BLOCK_BYTES) * BLOCK_BYTES;
    // The empty blocks at the end have no length; a member that a crash cut is shorter than its
    // header states.
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

const ENDING = /^(\d+)\.json$/;

/** Returns true for the member that completes a sample. */
function isEnding({ name }: Member): boolean {
  return ENDING.test(name);
}

/**
 * Returns the identifier of the sample that a member completes; null if a power cut has left zeros
 * in it.
 */
async function sampleOf(
  file: FileHandle,
  { name, offsetBytes, lengthBytes }: Member,
): Promise<string | null> {
  const content = Buffer.alloc(lengthBytes);
  await file.read(content, 0, lengthBytes, offsetBytes);
  if (content.includes(0)) return null;
  return `${ENDING.exec(name)?.[1]} ${ending.parse(JSON.parse(content.toString())).sample}`;
}

/** Size of the empty blocks with which tar-stream ends an archive. */
const END_BYTES = 1024;

/** A sample as tar blocks. */
export interface PackedSample {
  /** Its images and its text. */
  readonly content: Uint8Array;
  /** The `.json`, which completes it. */
  readonly ending: Uint8Array;
}

/**
 * Packs one sample of a WebDataset: images, `.txt`, and `.json` last, so that a sample that has it
 * is whole. Rejects with `DeliveryError` if an image cannot be read.
 */
export async function packSample(key: string, outcome: Outcome, folder: string): Promise<PackedSample> {
  const { pack } = await importPackage('tar-stream', () => import('tar-stream'));
  const archive = pack();
  // A sample has the same bytes whenever it is packed.
  const mtime = new Date(outcome.completedAt ?? 0);
  for (const { name, file } of memberNames(key, outcome.files)) {
    archive.entry({ name, mtime }, await contentOf(file, outcome, folder));
  }
  archive.entry({ name: `${key}.txt`, mtime }, outcome.prompt);
  const json = Buffer.from(JSON.stringify({ ...outcome, sample: contentId(outcome) }));
  archive.entry({ name: `${key}.json`, mtime }, json);
  archive.finalize();
  const { buffer } = await import('node:stream/consumers');
  const bytes = (await buffer(archive)).subarray(0, -END_BYTES);
  const endingAt = bytes.length - BLOCK_BYTES * (1 + Math.ceil(json.length / BLOCK_BYTES));
  return { content: bytes.subarray(0, endingAt), ending: bytes.subarray(endingAt) };
}

/**
 * Names the members of a sample: `KEY.png` for the first original, `KEY.2.png` for the second,
 * `KEY.thumb.webp` and `KEY.2.thumb.webp` for renditions, `KEY.output.json` for an output that is a
 * text itself.
 */
function memberNames(key: string, files: readonly OutcomeFile[]): { name: string; file: OutcomeFile }[] {
  let original = 0;
  return files.map((file) => {
    if (file.role === 'original') original += 1;
    const extension = extname(file.path).slice(1).toLowerCase();
    const parts = [
      key,
      original > 1 ? String(original) : '',
      file.role === 'original' ? '' : file.name,
      OWN_MEMBERS.has(extension) ? 'output' : '',
      extension,
    ];
    return { name: parts.filter((part) => part !== '').join('.'), file };
  });
}

/** Extensions of the members that every sample has besides its files. */
const OWN_MEMBERS: ReadonlySet<string> = new Set(['txt', 'json']);

async function contentOf(file: OutcomeFile, { index }: Outcome, folder: string): Promise<Buffer> {
  try {
    return await readFile(insideFolder(folder, file.path));
  } catch (cause) {
    throw new DeliveryError(`Cannot read ${file.path} of image #${index + 1} in the run folder.`, {
      destination: 'webdataset',
      cause,
    });
  }
}

/** Identifies the content of a sample: another image of the same job has another one. */
function contentId({ files }: Outcome): string {
  return files[0]?.sha256.slice(0, 12) ?? '';
}
