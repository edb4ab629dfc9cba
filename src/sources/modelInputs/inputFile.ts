import { isUtf8 } from 'node:buffer';
import { createHash, hash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { isUint8Array } from 'node:util/types';
import { isSvg } from '../../base/pictures.ts';
import { cutToBytes, shown } from '../../base/text.ts';
import { fileProblem, importPackage } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import { imageIdentity } from '../../provenance/embedProvenance.ts';
import type { InputFile } from '../../types.ts';

/**
 * The service takes 100 MB. Its documents do not state if these are decimal, so the smaller reading
 * holds.
 */
const maxBytes = 100_000_000;
const maxNameBytes = 255;
/** Enough to detect the type of a file. */
const headBytes = 4_100;

/**
 * Caches facts about files whose size and time have not changed: several passes ask, and many rows
 * may name one file.
 */
const known = new Map<
  string,
  { readonly size: number; readonly mtimeMs: number; readonly file: InputFile }
>();
const mostKnown = 10_000;

/**
 * Prepares a file as an input: a path, relative to the working directory, or the content itself.
 * Reads the content once, for its hash and its type. Do not change the bytes afterwards.
 *
 * Rejects with `UsageError` if `source` is anything else, or the file does not exist, is empty, is
 * not a regular file, cannot be read, or has 100 MB or more.
 */
export async function inputFile(source: string | Uint8Array | Blob, name = 'input'): Promise<InputFile> {
  if (typeof source === 'string') return fileAt(resolve(source));
  if (!isUint8Array(source) && !(source instanceof Blob)) throw notAFile(source);
  const size = source instanceof Blob ? source.size : source.byteLength;
  checkSize(size, name);
  const content = source instanceof Blob ? new Uint8Array(await source.arrayBuffer()) : source;
  const mediaType = await mediaTypeOf(content.subarray(0, headBytes));
  return {
    source: content,
    name: cutToBytes(name, maxNameBytes),
    bytes: size,
    sha256: hash('sha256', content, 'hex'),
    ...identityOf(Buffer.from(content.buffer, content.byteOffset, size), mediaType),
    mediaType,
  };
}

async function fileAt(path: string): Promise<InputFile> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw refused(path, fileProblem(cause), cause);
  });
  checkStats(stats, path);
  const { size, mtimeMs } = stats;
  const before = known.get(path);
  known.delete(path);
  const isSame = before?.size === size && before.mtimeMs === mtimeMs;
  const file = isSame ? before.file : await readFileAt(path);
  known.set(path, { size, mtimeMs, file });
  for (const oldest of known.keys()) {
    if (known.size <= mostKnown) break;
    known.delete(oldest);
  }
  return file;
}

function checkStats(stats: Stats, path: string): void {
  if (stats.isDirectory()) throw refused(path, 'a folder');
  if (!stats.isFile()) throw refused(path, 'a pipe or device');
  checkSize(stats.size, path);
}

function checkSize(bytes: number, name: string): void {
  if (bytes === 0) throw refused(name, 'an empty one');
  if (bytes >= maxBytes)
    throw refused(name, `one of ${bytes} bytes: the service takes less than ${maxBytes}`);
}

async function readFileAt(path: string): Promise<InputFile> {
  const digest = createHash('sha256');
  let bytes = 0;
  let head: Uint8Array = new Uint8Array();
  try {
    for await (const chunk of createReadStream(path)) {
      digest.update(chunk);
      bytes += chunk.length;
      if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)]);
    }
  } catch (cause) {
    throw refused(path, fileProblem(cause), cause);
  }
  const mediaType = await mediaTypeOf(head);
  const sha256 = digest.digest('hex');
  const isPicture = mediaType.startsWith('image/');
  const content = isPicture ? await readFile(path).catch(() => null) : null;
  return {
    source: path,
    name: cutToBytes(basename(path), maxNameBytes),
    bytes,
    sha256,
    ...(content === null ? {} : identityOf(content, mediaType)),
    mediaType,
  };
}

function identityOf(content: Buffer, mediaType: string): Pick<InputFile, 'identity'> {
  const identity = imageIdentity(content, mediaType.replace('image/', ''));
  return identity === null ? {} : { identity };
}

async function mediaTypeOf(head: Uint8Array): Promise<string> {
  if (isSvg(head)) return 'image/svg+xml';
  const { fileTypeFromBuffer } = await importPackage('file-type', () => import('file-type'));
  const type = await fileTypeFromBuffer(head);
  if (type !== undefined) return type.mime;
  // The last letter may be cut in two. Text has no zero bytes.
  const isText = !head.includes(0) && [0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, head.length - cut)));
  return isText ? 'text/plain' : 'application/octet-stream';
}

function notAFile(source: unknown): UsageError {
  return new UsageError(`Expected a path, a Uint8Array or a Blob, got ${shown(source)}`, {
    suggestion: 'Give the path of a file, or its content: new Uint8Array(buffer) of an ArrayBuffer.',
  });
}

function refused(name: string, got: string, cause?: unknown): UsageError {
  return new UsageError(`Expected a file at ${name}, got ${got}`, {
    suggestion: 'Check the path, or give a URL.',
    cause,
  });
}
