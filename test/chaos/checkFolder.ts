import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import { outcomeSchema } from '../../src/sinks/manifest/readOutcomes.ts';
import type { Outcome, OutcomeFile } from '../../src/types.ts';

/** What a run folder holds when its batch is done. */
export interface FolderCheck {
  readonly outcomes: readonly Outcome[];
  /** Jobs saved with every file whole. */
  readonly saved: number;
  /** In words, each with where it was found. */
  readonly problems: readonly string[];
}

const manifestSchema = z.object({ outcomes: z.array(outcomeSchema) });
/** Of a run that never came to its end: every job is missing. */
const NO_MANIFEST = '{"outcomes":[]}';
const OF_THE_RUN = [
  'manifest.json',
  'manifest.jsonl',
  'report.json',
  'run.json',
  // Of a run in which a job had failed before a later one made it.
  'failed.jsonl',
  'run.sqlite',
  'journal.jsonl',
  'gallery.html',
  // As many as there are pages.
  'contact-sheet.jpg',
  'contact-sheet-2.jpg',
];

/**
 * Reads every file that a finished batch left: each must be one that it should have, decodable and
 * as written down.
 */
export async function checkFolder(folder: string, jobs: number): Promise<FolderCheck> {
  const problems: string[] = [];
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => NO_MANIFEST);
  const { outcomes } = manifestSchema.parse(JSON.parse(text));
  const indexes = new Set(outcomes.map(({ index }) => index));
  if (outcomes.length !== jobs || indexes.size !== jobs) {
    problems.push(`manifest.json: expected ${jobs} outcomes, got ${outcomes.length} of ${indexes.size} jobs`);
  }
  let saved = 0;
  for (const outcome of outcomes) {
    const found = await problemsOf(outcome, folder);
    if (found.length === 0) saved += 1;
    problems.push(...found);
  }
  const ids = outcomes.map(({ predictionId }) => predictionId);
  if (new Set(ids).size !== ids.length) problems.push('manifest.json: two jobs have the same prediction');
  problems.push(...(await strangers(folder, outcomes)));
  return { outcomes, saved, problems };
}

async function problemsOf(outcome: Outcome, folder: string): Promise<string[]> {
  const { index, status, files, error } = outcome;
  if (status !== 'saved') return [`job ${index}: ${status} (${error?.message})`];
  if (files.length !== 2) return [`job ${index}: expected an original and a rendition, got ${files.length}`];
  const found = await Promise.all(files.map((file) => problemOf(file, folder)));
  const sidecar = await readFile(join(folder, sidecarOf(outcome)), 'utf8').catch(() => '{}');
  const { predictionId } = JSON.parse(sidecar);
  return [
    ...found.filter((problem) => problem !== null),
    ...(predictionId === outcome.predictionId ? [] : [`job ${index}: its sidecar is of another prediction`]),
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

/** Files that a finished batch should not have: temporary ones above all. */
async function strangers(folder: string, outcomes: readonly Outcome[]): Promise<string[]> {
  const known = new Set(OF_THE_RUN);
  for (const outcome of outcomes) {
    known.add(sidecarOf(outcome));
    for (const { path } of outcome.files) known.add(path);
  }
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => !known.has(name)).map((name) => `${name}: left over`);
}
