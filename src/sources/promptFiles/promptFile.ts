import { isUtf8 } from 'node:buffer';
import { createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { expectOption, isText } from '../../base/options.ts';
import { makeFolder } from '../../disk/folders.ts';
import { type Snapshot, takeSnapshot } from '../../disk/snapshot.ts';
import { fileProblem, toStorageError } from '../../disk/storageError.ts';
import { newTemporaryPath, removeTemporary } from '../../disk/writeFiles.ts';
import { UsageError } from '../../errors.ts';
import type { RowItem } from './rows.ts';
import { encodingOf, type TextFile, unreadable } from './text.ts';

/**
 * A prompt file of a known format whose first row can be read, as it was when it was opened: a run
 * reads it several times, and must not mix two versions of it.
 */
export interface PromptFile extends Pick<Snapshot, 'path' | 'sha256' | 'hasChanged'> {
  /**
   * Reads the file from its beginning, in constant memory; each call is a new pass. Bad rows are
   * items, not errors. Throws `UsageError` if the file as a whole cannot be read.
   */
  rows(): AsyncIterable<RowItem>;
}

type RowReader = (file: TextFile) => AsyncIterable<RowItem>;

const readCsv = async (): Promise<RowReader> => (await import('./csv.ts')).csvRows;
const readTsv = async (): Promise<RowReader> => (await import('./tsv.ts')).tsvRows;
const readJsonLines = async (): Promise<RowReader> => (await import('./lines.ts')).jsonLinesRows;
const readYaml = async (): Promise<RowReader> => (await import('./yaml.ts')).yamlRows;

/** Loaders by extension, so that only the parser that is needed is loaded. */
const readers = new Map<string, () => Promise<RowReader>>([
  ['.txt', async () => (await import('./lines.ts')).txtRows],
  ['.csv', readCsv],
  ['.tsv', readTsv],
  ['.jsonl', readJsonLines],
  ['.ndjson', readJsonLines],
  ['.json', async () => (await import('./json.ts')).jsonRows],
  ['.yaml', readYaml],
  ['.yml', readYaml],
  ['.xlsx', async () => (await import('./xlsx.ts')).xlsxRows],
]);

/** The extension of compressed files, behind another one: `prompts.csv.gz`. */
const GZIP = '.gz';

/**
 * Opens a prompt file by its extension and checks its beginning. `name` stands for its path in
 * messages.
 *
 * Rejects with `UsageError` if the file as a whole cannot be used: it is missing, a folder,
 * unreadable, empty, without prompts, of an unknown format, not text, or has no `prompt` column.
 * `validateRows` reports bad rows.
 */
export async function openPromptFile(path: string, name = path): Promise<PromptFile> {
  expectOption(isText(path), 'path', 'a path', path);
  const isCompressed = extname(path).toLowerCase() === GZIP;
  const extension = extname(isCompressed ? path.slice(0, -GZIP.length) : path).toLowerCase();
  const loadReader = readers.get(extension);
  await checkFile(path);
  if (loadReader === undefined) {
    throw new UsageError(
      `${path}: Expected a file that ends in ${[...readers.keys()].join(', ')}, got ${kindOf(path)}`,
      {
        suggestion: /^\.(?:xlsm|xlsb|xls|ods|fods|numbers)$/.test(extension)
          ? 'Save the table as .xlsx, or as CSV (UTF-8).'
          : 'Use .txt for one prompt per line, or rename the file to match its format. Any of them may be compressed: .csv.gz.',
      },
    );
  }
  const reader = await loadReader();
  const snapshot = await takeSnapshot(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const { sha256, hasChanged } = snapshot;
  const named = { ...snapshot, path: name };
  const content = isCompressed ? gunzipped(named) : named;
  if (extension !== '.xlsx') await checkIsText(content);
  const file: PromptFile = { path: name, sha256, hasChanged, rows: () => reader(content) };
  for await (const _first of file.rows()) return file;
  throw new UsageError(`${name}: Expected at least one prompt, got a file without any`);
}

async function checkFile(path: string): Promise<void> {
  const stats = await stat(path).catch((cause: unknown) => {
    const got = fileProblem(cause, 'no file of that name');
    throw new UsageError(`${path}: Expected a prompt file, got ${got}`, {
      suggestion: 'Check the name, or pass - to read prompts from standard input.',
      cause,
    });
  });
  if (stats.isDirectory()) throw new UsageError(`${path}: Expected a prompt file, got a folder`);
  if (!stats.isFile()) {
    throw new UsageError(`${path}: Expected a regular file, which can be read twice, got a pipe or device`, {
      suggestion: 'Pass - to read prompts from standard input.',
    });
  }
  if (stats.size === 0) throw new UsageError(`${path}: Expected at least one prompt, got an empty file`);
}

/** Unpacks a file while it is read. Throws `UsageError` if it is damaged. */
function gunzipped({ path, bytes, chunks }: Snapshot): TextFile {
  return {
    path,
    bytes,
    async *chunks() {
      const unpacked = createGunzip();
      // The loop over the unpacked chunks gets the error too.
      pipeline(chunks, unpacked).catch(() => {});
      try {
        yield* unpacked;
      } catch (cause) {
        if (!(cause instanceof Error) || !('code' in cause) || !String(cause.code).startsWith('Z_'))
          throw cause;
        throw new UsageError(`${path}: Expected a gzip file, got one that is damaged or cut`, { cause });
      }
    },
  };
}

/**
 * Throws `UsageError` if a file is not text, with its type, instead of reporting thousands of bad
 * rows.
 */
async function checkIsText(file: TextFile): Promise<void> {
  const head = await readHead(file);
  if (encodingOf(head) !== 'utf-8') return;
  if (isWebPage(head)) {
    throw new UsageError(`${file.path}: Expected prompts, got a web page`, {
      suggestion: 'Save the table itself: a link to a shared one may lead to a page, or to a login.',
    });
  }
  if (!head.includes(0) && isUtf8(wholeLetters(head)) && !isPdf(head)) return;
  const { fileTypeFromBuffer } = await import('file-type');
  const type = await fileTypeFromBuffer(head);
  if (!head.includes(0) && type === undefined) return; // Some rows are damaged; reading them finds which.
  throw new UsageError(`${file.path}: Expected UTF-8 text, got ${type?.mime ?? 'binary content'}`, {
    suggestion: suggestionFor(type?.mime),
  });
}

/** Returns the advice for a file whose content does not match its name. */
function suggestionFor(mime: string | undefined): string {
  if (mime?.includes('spreadsheetml')) return 'Name the file .xlsx.';
  const isOffice = mime === 'application/x-cfb' || mime?.includes('opendocument') || mime?.endsWith('/zip');
  return isOffice ? 'Save the table as .xlsx, or as CSV (UTF-8).' : 'Give a text file of prompts.';
}

function isWebPage(head: Uint8Array): boolean {
  return /^\uFEFF?\s*<(?:!doctype html|html|head|body)\b/i.test(
    new TextDecoder().decode(head.subarray(0, 200)),
  );
}

/** Removes a letter that is cut in two at the end of the bytes. */
function wholeLetters(head: Uint8Array): Uint8Array {
  const cuts = [0, 1, 2, 3].map((cut) => head.subarray(0, head.length - cut));
  return cuts.find((bytes) => isUtf8(bytes)) ?? head;
}

/** Returns true for a PDF, the one common binary format that begins as text. */
function isPdf(head: Uint8Array): boolean {
  return new TextDecoder().decode(head.subarray(0, 5)) === '%PDF-';
}

/** Enough to detect the type of a file. */
const HEAD_BYTES = 8_192;

async function readHead({ path, chunks }: TextFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunks()) {
      parts.push(chunk);
      bytes += chunk.length;
      if (bytes >= HEAD_BYTES) break;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return Buffer.concat(parts).subarray(0, HEAD_BYTES);
}

function kindOf(path: string): string {
  const extension = extname(path);
  return extension === '' ? 'a name without extension' : extension;
}

/**
 * Writes prompts from a pipe to `stdin.txt` in a folder, so that they can be read twice, and
 * returns its path. The file is written atomically: an earlier one stays until the new one is
 * complete.
 *
 * Rejects with `UsageError` if the input is empty or the folder cannot be written.
 */
export async function spoolPrompts(input: Readable, folder: string): Promise<string> {
  const path = join(folder, 'stdin.txt');
  const partPath = newTemporaryPath(path);
  try {
    makeFolder(folder);
    await pipeline(input, createWriteStream(partPath, { flags: 'wx', flush: true }));
    if ((await stat(partPath)).size === 0) {
      throw new UsageError('Expected prompts on standard input, got none', {
        suggestion: 'Pipe one prompt per line into the command, or name a prompt file instead of -.',
      });
    }
    await rename(partPath, path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `Cannot store the prompts of standard input: ${toStorageError(error, path).message}`,
      {
        suggestion: 'Free some space for temporary files, or name a prompt file instead of -.',
        cause: error,
      },
    );
  } finally {
    await removeTemporary(partPath);
  }
  return path;
}
