import { writeChunks } from '../../../disk/writeFiles.ts';
import { outcomeLine } from '../../../sinks/manifest/manifest.ts';
import { planLine, storedPlans } from '../../../sinks/manifest/storedPlans.ts';
import {
  openUnusedResults,
  type UnusedResults,
  unusedFileName,
  unusedLine,
} from '../../../sinks/manifest/unusedResults.ts';
import type { JobMatching, MatchedJob } from '../../../store/journal/jobMatching.ts';
import type { Outcome, OutcomeFile, Plan } from '../../../types.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun } from '../settings.ts';
import { nextPath } from './finishMoves.ts';
import { createFreeNames, type FreeNames } from './freeNames.ts';
import { downloadsOf, pathFor, stemOf, UNUSED_FOLDER, underStem, withStem } from './jobFiles.ts';
import { findStrayFiles, renamedStray, type StrayFiles } from './strayFiles.ts';

type Listing = Pick<OpenRun, 'config' | 'manifest' | 'journal'>;

/**
 * Writes the next versions of the lists that name jobs by their index, after a change of the input,
 * and notes the files to move for them.
 */
export async function writeNextLists(plans: PlanSource, matching: JobMatching, run: Listing): Promise<void> {
  const { folder } = run.config;
  const unused = await openUnusedResults(folder);
  const names = createFreeNames(run, unused);
  try {
    const strays = await findStrayFiles(run, names.isOwn);
    names.own([...strays.values()].flat());
    const sources = { unused, names, strays };
    await writeChunks(nextPath(folder, 'manifest.jsonl'), manifestLines(plans, matching, run, sources));
    await writeChunks(nextPath(folder, unusedFileName), unusedLines(matching, run, sources));
  } finally {
    await unused.close();
  }
  for (const which of ['failed', 'detached'] as const) {
    await writeChunks(nextPath(folder, `${which}.jsonl`), planLines(plans, matching, which, folder));
  }
}

interface Sources {
  readonly unused: UnusedResults;
  readonly names: FreeNames;
  readonly strays: StrayFiles;
}

async function* manifestLines(
  plans: PlanSource,
  matching: JobMatching,
  run: Listing,
  sources: Sources,
): AsyncGenerator<string> {
  const { unused, names } = sources;
  for await (const plan of plans()) {
    const job = matching.at(plan.index);
    if (job === undefined) continue;
    const outcome = await outcomeOf(job, run, unused);
    // A job that was skipped gets another outcome in this run.
    const before = outcome?.status === 'skipped' ? null : outcome;
    const now = before === null ? null : await renamed(before, plan, matching, names);
    if (!isSettled(job, before, run)) await moveDownloads(plan, job, { before, now }, matching, run, sources);
    if (now !== null) yield `${outcomeLine(now)}\n`;
  }
}

/** Returns true if the outcome of a job certainly lists all of its files. */
function isSettled(
  { oldIndex }: MatchedJob,
  outcome: Outcome | null,
  { journal }: Pick<Listing, 'journal'>,
): boolean {
  return outcome?.status === 'saved' && oldIndex !== null && journal.isSaved(oldIndex);
}

/** Returns the outcome of a job; null if it has none, or the manifest has another job there. */
async function outcomeOf(
  { id, key, oldIndex }: MatchedJob,
  { manifest }: Pick<Listing, 'manifest'>,
  unused: UnusedResults,
): Promise<Outcome | null> {
  const outcome = await (oldIndex === null ? unused.find(id) : manifest.find(oldIndex));
  return outcome?.key === key ? outcome : null;
}

/** Returns an outcome as its plan names it now, and notes the files that move for it. */
async function renamed(
  outcome: Outcome,
  { index, prompt, tags, path }: Plan,
  matching: JobMatching,
  names: FreeNames,
): Promise<Outcome> {
  const now = { ...outcome, index, prompt, tags };
  const oldStem = stemOf(outcome);
  if (oldStem === null) return now;
  const wanted = pathFor(path, oldStem);
  const pathsAt = (stem: string) => pathsOf(withStem(outcome, oldStem, stem).outcome.files);
  const newStem = wanted === oldStem ? oldStem : await names.freeStem(wanted, pathsAt);
  const { outcome: moved, renamed: files } = withStem(now, oldStem, newStem);
  for (const { oldPath, newPath, isSidecar } of files) {
    if (oldPath === newPath && !isSidecar) continue;
    matching.move({ oldPath, newPath, sidecarOf: isSidecar ? index : null });
  }
  return moved;
}

/** The outcome of a job as it is listed so far, and with the names of the new plan. */
interface ListedOutcome {
  readonly before: Outcome | null;
  readonly now: Outcome | null;
}

/**
 * Notes the moves of files that the outcome of a job does not list: it has none yet, or an earlier
 * attempt failed and the one since was killed.
 */
async function moveDownloads(
  { path }: Plan,
  job: MatchedJob,
  { before, now }: ListedOutcome,
  matching: JobMatching,
  { config }: Pick<Listing, 'config'>,
  { names, strays }: Sources,
): Promise<void> {
  for (const oldPath of straysOf(job, matching, strays)) {
    const wanted = renamedStray(oldPath, path);
    if (wanted === oldPath) continue;
    const newPath = names.claim(wanted) ? wanted : unusedPath(job, oldPath);
    matching.move({ oldPath, newPath, sidecarOf: null });
  }
  const files = unlistedDownloads(job, before, matching, config);
  const homes = files.map((file) => ({ ...file, path: homeOf(job, file.path) }));
  const oldStem = stemOf({ files: homes });
  if (oldStem === null) return;
  const wanted = pathFor(path, oldStem);
  const pathsAt = (stem: string) => homes.map((file) => underStem(file.path, oldStem, stem));
  const listed = new Set(pathsOf(now?.files ?? []));
  const newStem =
    stemBeside(job, oldStem, { before, now }) ?? (await names.freeStem(wanted, pathsAt, listed));
  const newPaths = pathsAt(newStem);
  for (const [file, { path: oldPath }] of files.entries()) {
    const newPath = newPaths[file] ?? oldPath;
    if (newPath !== oldPath) matching.move({ oldPath, newPath, sidecarOf: null });
  }
}

/** Returns the new stem of an outcome's files if others of its job have the same one; else null. */
function stemBeside(job: MatchedJob, oldStem: string, { before, now }: ListedOutcome): string | null {
  const listedStem = before === null ? null : stemOf(before);
  if (listedStem === null || homeOf(job, listedStem) !== oldStem) return null;
  return now === null ? null : stemOf(now);
}

/** Returns the files of a job that the journal has, and its outcome does not list. */
function unlistedDownloads(
  job: MatchedJob,
  outcome: Outcome | null,
  matching: JobMatching,
  { folder }: Listing['config'],
): readonly OutcomeFile[] {
  const listed = new Set(pathsOf(outcome?.files ?? []));
  return downloadsOf(matching.recordOf(job), folder).filter(({ path }) => !listed.has(path));
}

function pathsOf(files: readonly OutcomeFile[]): string[] {
  return files.map(({ path }) => path);
}

/** Notes the moves of a dropped job's files that its outcome does not list. */
function moveUnfinished(
  job: MatchedJob,
  outcome: Outcome | null,
  matching: JobMatching,
  { config }: Pick<Listing, 'config'>,
  strays: StrayFiles,
): void {
  const downloads = pathsOf(unlistedDownloads(job, outcome, matching, config));
  for (const oldPath of [...downloads, ...straysOf(job, matching, strays)]) {
    matching.move({ oldPath, newPath: unusedPath(job, oldPath), sidecarOf: null });
  }
}

function straysOf(job: MatchedJob, matching: JobMatching, strays: StrayFiles) {
  if (strays.size === 0) return [];
  const predictionId = matching.recordOf(job)?.predictionId ?? null;
  return predictionId === null ? [] : (strays.get(predictionId) ?? []);
}

function unusedPath({ id }: MatchedJob, path: string): string {
  return `${UNUSED_FOLDER}/${id}/${path}`;
}

/** Returns the path that a file had before its job was dropped; the same if it was not. */
function homeOf(job: MatchedJob, path: string): string {
  const aside = unusedPath(job, '');
  return path.startsWith(aside) ? path.slice(aside.length) : path;
}

/** Lists the results that no job asks for, those of earlier inputs included. */
async function* unusedLines(
  matching: JobMatching,
  run: Listing,
  { unused, strays }: Sources,
): AsyncGenerator<string> {
  for (const job of matching.unused()) {
    const found = await outcomeOf(job, run, unused);
    const outcome = found?.status === 'saved' || (found?.costUsd ?? 0) > 0 ? found : null;
    if (job.oldIndex !== null && !isSettled(job, outcome, run))
      moveUnfinished(job, outcome, matching, run, strays);
    if (outcome === null) continue;
    const stem = stemOf(outcome);
    if (job.oldIndex === null || stem === null) {
      yield unusedLine({ id: job.id, outcome });
      continue;
    }
    const { outcome: moved, renamed: files } = withStem(outcome, stem, unusedPath(job, stem));
    for (const { oldPath, newPath } of files) matching.move({ oldPath, newPath, sidecarOf: null });
    yield unusedLine({ id: job.id, outcome: moved });
  }
}

/** Lists the plans that `retry-failed` or `collect` may need, under their new indexes. */
async function* planLines(
  plans: PlanSource,
  matching: JobMatching,
  which: 'failed' | 'detached',
  folder: string,
): AsyncGenerator<string> {
  const before = new Map<number, string>();
  for await (const { index, key } of storedPlans(folder, which).read()) before.set(index, key);
  if (before.size === 0) return;
  for await (const plan of plans()) {
    const oldIndex = matching.at(plan.index)?.oldIndex ?? null;
    if (oldIndex !== null && before.get(oldIndex) === plan.key) yield planLine(plan);
  }
}
