import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import type { Outcome, OutcomeFile } from '../../src/types.ts';
import { type Books, booksSchema, demandProblems, surplusSchema } from './account.ts';

/** The content of a run folder whose batch is done. */
export interface FolderCheck {
  readonly books: Books;
  /** Jobs saved with every file whole. */
  readonly saved: number;
  /** In words, each with where it was found. */
  readonly problems: readonly string[];
}

/** Of a run that never came to its end: every job is missing. */
const NO_MANIFEST = '{"outcomes":[]}';
const NO_SURPLUS = { count: 0, costUsd: 0, predictionIds: [] };
const reportSchema = z.object({ surplus: surplusSchema.default(NO_SURPLUS) });

const OF_THE_RUN = [
  'manifest.json',
  'manifest.jsonl',
  'report.json',
  'run.json',
  // Of a run in which a job had failed before a later one made it.
  'failed.jsonl',
  'run.sqlite',
  'journal.jsonl',
  // Of a journal that was built again from its log.
  'run.sqlite.damaged',
  'unused.jsonl',
  'gallery.html',
];
/** As many as there are pages. */
const CONTACT_SHEET = /^contact-sheet(?:-\d+)?\.jpg$/;

/** Reads the books of a run folder; an unfinished run has empty ones. */
export async function readBooks(folder: string): Promise<Books> {
  const manifest = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => NO_MANIFEST);
  const report = await readFile(join(folder, 'report.json'), 'utf8').catch(() => '{}');
  return {
    ...booksSchema.parse(JSON.parse(manifest)),
    surplus: reportSchema.parse(JSON.parse(report)).surplus,
  };
}

/**
 * Reads every file that a finished batch left: each must be one that it should have, decodable and
 * as written down, for each job that the input asks for.
 */
export async function checkFolder(folder: string, wanted: readonly string[]): Promise<FolderCheck> {
  const books = await readBooks(folder);
  const problems = demandProblems(books, wanted);
  let saved = 0;
  for (const outcome of books.outcomes) {
    const found = await problemsOf(outcome, folder);
    if (found.length === 0) saved += 1;
    problems.push(...found);
  }
  for (const { files } of books.unused) {
    const found = await Promise.all(files.map((file) => problemOf(file, folder)));
    problems.push(...found.filter((problem) => problem !== null));
  }
  problems.push(...(await strangers(folder, books)));
  return { books, saved, problems };
}

async function problemsOf(outcome: Outcome, folder: string): Promise<string[]> {
  const { index, status, files, error } = outcome;
  if (status !== 'saved') return [`job ${index}: ${status} (${error?.message})`];
  if (files.length !== 2) return [`job ${index}: expected an original and a rendition, got ${files.length}`];
  const found = await Promise.all(files.map((file) => problemOf(file, folder)));
  const sidecar = await readFile(join(folder, sidecarOf(outcome)), 'utf8').catch(() => '{}');
  const { predictionId, prompt } = JSON.parse(sidecar);
  const isOwn = predictionId === outcome.predictionId && prompt === outcome.prompt;
  return [
    ...found.filter((problem) => problem !== null),
    ...(isOwn ? [] : [`job ${index}: its sidecar is of another prediction`]),
  ];
}

async function problemOf({ path, sha256 }: OutcomeFile, folder: string): Promise<string | null> {
  try {
    const content = await readFile(join(folder, path));
    if (createHash('sha256').update(content).digest('hex') !== sha256) return `${path}: another sha256`;
    await sharp(content, { failOn: 'truncated' }).stats();
    return null;
  } catch (error) {
    return `${path}: ${error instanceof Error ? error.message : error}`;
  }
}

function sidecarOf({ files }: Outcome): string {
  return `${files[0]?.path.replace(/\.\w+$/, '')}.json`;
}

/** Lists files that a finished batch should not have: temporary ones above all. */
async function strangers(folder: string, { outcomes, unused, surplus }: Books): Promise<string[]> {
  const known = new Set(OF_THE_RUN);
  for (const outcome of [...outcomes, ...unused]) {
    known.add(sidecarOf(outcome));
    for (const { path } of outcome.files) known.add(path);
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((name) => !known.has(name) && !CONTACT_SHEET.test(name));
  const isDropped = await Promise.all(
    names.map((name) => isOfDroppedJob(folder, name, surplus.predictionIds)),
  );
  return names.filter((_, at) => !isDropped[at]).map((name) => `${name}: left over`);
}

/**
 * Returns true for a file of a job that was dropped in flight. It has no outcome: its prediction is
 * in the surplus, and the file names it.
 */
async function isOfDroppedJob(folder: string, name: string, surplusIds: readonly string[]): Promise<boolean> {
  if (!/^unused\/\d+\//.test(name)) return false;
  const content = await readFile(join(folder, name));
  return surplusIds.some((id) => content.includes(id));
}
