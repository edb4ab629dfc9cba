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
import type { Outcome, Plan } from '../../../types.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun } from '../settings.ts';
import { nextPath } from './finishMoves.ts';
import { createFreeNames, downloadsOf, type FreeNames } from './freeNames.ts';
import { pathFor, stemOf, withoutExtension, withStem } from './jobFiles.ts';
import { findStrayFiles, renamedStray, type StrayFiles } from './strayFiles.ts';

type Listing = Pick<OpenRun, 'config' | 'manifest' | 'journal'>;

/** Folder of results that the input no longer asks for. */
const UNUSED_FOLDER = 'unused';

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
    if (outcome === null || outcome.status === 'skipped') {
      await moveDownloads(plan, job, matching, run, sources);
      continue;
    }
    yield `${outcomeLine(await renamed(outcome, plan, matching, names))}\n`;
  }
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
  const newStem = wanted === oldStem ? oldStem : await names.freeStem(wanted, outcome);
  const { outcome: moved, renamed: files } = withStem(now, oldStem, newStem);
  for (const { oldPath, newPath, isSidecar } of files) {
    if (oldPath === newPath && !isSidecar) continue;
    matching.move({ oldPath, newPath, sidecarOf: isSidecar ? index : null });
  }
  return moved;
}

/** Notes the moves of originals that are downloaded, but have no outcome yet. */
async function moveDownloads(
  { path }: Plan,
  job: MatchedJob,
  matching: JobMatching,
  run: Pick<Listing, 'journal' | 'config'>,
  { names, strays }: Sources,
): Promise<void> {
  for (const oldPath of straysOf(job, run, strays)) {
    const wanted = renamedStray(oldPath, path);
    if (wanted === oldPath) continue;
    const newPath = names.claim(wanted) ? wanted : unusedPath(job, oldPath);
    matching.move({ oldPath, newPath, sidecarOf: null });
  }
  const below = downloadsOf(job, run);
  const [first] = below;
  if (first === undefined) return;
  const oldStem = withoutExtension(first);
  const newStem = await names.freeStem(pathFor(path, oldStem), null);
  for (const oldPath of below) {
    const newPath = oldPath.replace(oldStem, newStem);
    if (newPath !== oldPath) matching.move({ oldPath, newPath, sidecarOf: null });
  }
}

/** Notes the moves of originals whose job had no outcome when it was dropped. */
function moveUnfinished(
  job: MatchedJob,
  matching: JobMatching,
  run: Pick<Listing, 'journal' | 'config'>,
  strays: StrayFiles,
): void {
  for (const oldPath of [...downloadsOf(job, run), ...straysOf(job, run, strays)]) {
    matching.move({ oldPath, newPath: unusedPath(job, oldPath), sidecarOf: null });
  }
}

function straysOf({ oldIndex }: MatchedJob, { journal }: Pick<Listing, 'journal'>, strays: StrayFiles) {
  const predictionId = oldIndex === null ? null : (journal.find(oldIndex)?.predictionId ?? null);
  return predictionId === null ? [] : (strays.get(predictionId) ?? []);
}

function unusedPath({ id }: MatchedJob, path: string): string {
  return `${UNUSED_FOLDER}/${id}/${path}`;
}

/** Lists the results that no job asks for, those of earlier inputs included. */
async function* unusedLines(
  matching: JobMatching,
  run: Listing,
  { unused, strays }: Sources,
): AsyncGenerator<string> {
  for (const job of matching.unused()) {
    const outcome = await outcomeOf(job, run, unused);
    if (outcome === null) moveUnfinished(job, matching, run, strays);
    if (outcome === null || (outcome.status !== 'saved' && !((outcome.costUsd ?? 0) > 0))) continue;
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
