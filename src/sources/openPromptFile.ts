import { open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileTypeFromBuffer } from 'file-type';
import { UsageError } from '../errors.ts';
import { csvRows } from './csvRows.ts';
import { jsonLinesRows } from './jsonLinesRows.ts';
import { jsonRows } from './jsonRows.ts';
import type { PromptFile } from './PromptFile.ts';
import type { RowItem } from './Row.ts';
import { txtRows } from './txtRows.ts';
import { yamlRows } from './yamlRows.ts';

const readers = new Map<string, (path: string) => AsyncIterable<RowItem>>([
  ['.txt', txtRows],
  ['.csv', csvRows],
  ['.tsv', (path) => csvRows(path, '\t')],
  ['.jsonl', jsonLinesRows],
  ['.ndjson', jsonLinesRows],
  ['.json', jsonRows],
  ['.yaml', yamlRows],
  ['.yml', yamlRows],
]);

/**
 * Opens a prompt file by its extension and looks at its beginning.
 *
 * Throws `UsageError` where the file as a whole is of no use: missing, a folder, unreadable, empty, without prompts,
 * of unknown kind, not text, or without a `prompt` column. Bad rows are left to `validateRows`.
 */
export async function openPromptFile(path: string): Promise<PromptFile> {
  const reader = readers.get(extname(path).toLowerCase());
  await checkFile(path);
  if (reader === undefined) {
    throw new UsageError(
      `${path}: Expected a file named ${[...readers.keys()].join(', ')}, got ${kindOf(path)}`,
      {
        suggestion: 'Use .txt for a prompt a line, or give the file the extension of what is in it.',
      },
    );
  }
  await checkIsText(path);
  const file: PromptFile = { path, rows: () => reader(path) };
  for await (const _first of file.rows()) return file;
  throw new UsageError(`${path}: Expected at least one prompt, got a file without any`);
}

async function checkFile(path: string): Promise<void> {
  const stats = await stat(path).catch((cause: unknown) => {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const got = reason === 'ENOENT' ? 'no file of that name' : reason;
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

/** A binary file is named as what it is, instead of as thousands of bad rows. */
async function checkIsText(path: string): Promise<void> {
  const head = await readHead(path);
  const type = await fileTypeFromBuffer(head);
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (isUtf16 || head.includes(0)) {
    const got = isUtf16 ? 'UTF-16' : (type?.mime ?? 'binary content');
    throw new UsageError(`${path}: Expected UTF-8 text, got ${got}`, {
      suggestion: isUtf16 ? 'Save the file as UTF-8.' : 'Give a file of prompts.',
    });
  }
  if (type !== undefined && /^(image|audio|video|font)\/(?!svg)|zip|pdf|gzip/.test(type.mime)) {
    throw new UsageError(`${path}: Expected UTF-8 text, got ${type.mime}`);
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  const handle = await open(path).catch((cause: unknown) => {
    throw new UsageError(`${path}: Expected a readable prompt file, got ${String(cause)}`, { cause });
  });
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: new Uint8Array(8192), position: 0 });
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function kindOf(path: string): string {
  const extension = extname(path);
  return extension === '' ? 'a name without extension' : extension;
}
