import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { isTooDeep } from '../../base/nesting.ts';
import { storedName, storedPath } from '../../disk/insideFolder.ts';
import { StorageError, UsageError } from '../../errors.ts';
import { failureStages, type ModelInput, type Outcome } from '../../types.ts';
import type { LineIndex, LineRange } from './jsonLines.ts';
import { type JobLine, newestLines, readBytes } from './newestLines.ts';
import { atLine, type LinePlace } from './wholeLines.ts';

/** Returns true for a job whose newest line this process has written or parsed before. */
type IsChecked = (jobIndex: number) => boolean;

/** Which outcomes are read, and who sees them before they are yielded. */
interface ReadOutcomesConfig {
  /** Their lines are not compared with the schema again. Default: none is. */
  isChecked?: IsChecked;
  /** Chooses jobs by their index. Default: all. */
  isWanted?: (jobIndex: number) => boolean;
  /** Default: no-op. */
  onRead?: (outcome: Outcome) => void;
}

/**
 * Reads the newest outcome of each job from `manifest.jsonl`, in input order and constant memory.
 *
 * Throws `StorageError` (`ERR_MANIFEST_DAMAGED`) at a line that is not an outcome, and `UsageError`
 * at one that names a file outside of the run folder.
 */
export async function* readOutcomes(
  handle: FileHandle,
  index: LineIndex,
  path: string,
  { isWanted, isChecked = () => false, onRead = () => {} }: ReadOutcomesConfig = {},
): AsyncGenerator<Outcome> {
  for await (const lines of newestLines(handle, index, isWanted)) {
    for (const jobLine of lines) {
      const { jobIndex, line, offsetBytes } = jobLine;
      const outcome = isChecked(jobIndex)
        ? checkedOutcome(jobLine, path)
        : await outcomeIn(line, { handle, path, offsetBytes });
      onRead(outcome);
      yield outcome;
    }
  }
}

/**
 * Reads the newest line of each job as text, in input order; yields some hundred of them together.
 * A line that `isChecked` says was read or written before is not parsed again, so a million of them
 * are copied in seconds. Throws as `readOutcomes` does.
 */
export async function* readOutcomeLines(
  handle: FileHandle,
  index: LineIndex,
  path: string,
  isChecked: IsChecked,
): AsyncGenerator<readonly string[]> {
  for await (const lines of newestLines(handle, index)) {
    for (const jobLine of lines) {
      const { jobIndex, line, offsetBytes } = jobLine;
      if (!isChecked(jobIndex)) await outcomeIn(line, { handle, path, offsetBytes });
      else expectLine(jobLine, path);
    }
    yield lines.map(({ line }) => line);
  }
}

/** A change of the file since a line was checked shows at the line's ends. */
function expectLine({ jobIndex, line, offsetBytes }: JobLine, path: string): void {
  if (!line.startsWith(`{"index":${jobIndex},"`) || !line.endsWith('}')) throw damaged(path, offsetBytes);
}

function checkedOutcome(jobLine: JobLine, path: string): Outcome {
  expectLine(jobLine, path);
  try {
    return JSON.parse(jobLine.line);
  } catch {
    throw damaged(path, jobLine.offsetBytes);
  }
}

/** Reads the outcome of one line; null if there is none. Rejects as `readOutcomes` does. */
export async function readOutcome(
  handle: FileHandle,
  range: LineRange | undefined,
  path: string,
): Promise<Outcome | null> {
  if (range === undefined) return null;
  const bytes = await readBytes(handle, range.offsetBytes, range.lengthBytes);
  return outcomeIn(bytes.toString('utf8'), { handle, path, offsetBytes: range.offsetBytes });
}

async function outcomeIn(line: string, place: LinePlace): Promise<Outcome> {
  const outcome = await atLine(place, () => parseOutcome(line));
  if (outcome === undefined) throw damaged(place.path, place.offsetBytes);
  return outcome;
}

function damaged(path: string, offsetBytes: number): StorageError {
  return new StorageError(
    'ERR_MANIFEST_DAMAGED',
    `The line at byte ${offsetBytes} of ${path} is damaged: it is not an outcome.`,
    { suggestion: 'Delete that line, or restore the file, and run the same command again.' },
  );
}

/**
 * Reads one line of `manifest.jsonl`; undefined if it is not a whole outcome. Throws `UsageError`
 * if it names a file outside of the run folder.
 */
export function parseOutcome(line: string): Outcome | undefined {
  try {
    return outcomeSchema.parse(JSON.parse(line));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return undefined;
  }
}

/** An object of JSON: the lines come from `JSON.parse`, which makes nothing else. */
const jsonRecord = z.custom<ModelInput>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && !isTooDeep(value),
  'Expected an object of JSON',
);

const outcomeFile = z.object({
  role: z.enum(['original', 'rendition', 'untouched', 'kept']),
  name: storedName,
  path: storedPath,
  width: z.number().nullable(),
  height: z.number().nullable(),
  format: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  output: z.int().nonnegative().exactOptional(),
  recipe: z.string().exactOptional(),
});

const outcomeError = z.object({
  name: z.string(),
  code: z.string(),
  message: z.string(),
  recoverable: z.boolean(),
  suggestion: z.string(),
  stage: z.enum(failureStages).exactOptional(),
  attempts: z.int().nonnegative().exactOptional(),
  waitedMs: z.number().exactOptional(),
});

/** The schema of an outcome as it is read back from `manifest.jsonl`. */
export const outcomeSchema = z.object({
  index: z.int().nonnegative(),
  key: z.string(),
  status: z.enum(['saved', 'failed', 'skipped']),
  prompt: z.string(),
  model: z.string(),
  version: z.string().nullable(),
  input: jsonRecord,
  tags: z.record(z.string(), z.string()),
  predictionId: z.string().nullable(),
  attempts: z.int().nonnegative(),
  files: z.array(outcomeFile),
  metrics: jsonRecord,
  costUsd: z.number().nullable(),
  estimatedUsd: z.number().exactOptional(),
  cached: z.boolean(),
  createdAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  provenance: z.enum(['full', 'minimal', 'none']).exactOptional(),
  isSigned: z.boolean().exactOptional(),
  fallbackLevel: z.int().positive().exactOptional(),
  modelsTried: z.array(z.string()).exactOptional(),
  cachedAt: z.string().exactOptional(),
  service: z.string().exactOptional(),
  deliveredTo: z.record(z.string(), z.array(z.string())).exactOptional(),
  error: outcomeError.exactOptional(),
}) satisfies z.ZodType<Outcome>;
