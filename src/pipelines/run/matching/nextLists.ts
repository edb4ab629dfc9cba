import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
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
import { pathFor, stemOf, withStem } from './jobFiles.ts';

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
    await writeChunks(
      nextPath(folder, 'manifest.jsonl'),
      manifestLines(plans, matching, run, { unused, names }),
    );
    await writeChunks(nextPath(folder, unusedFileName), unusedLines(matching, run, unused));
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
}

async function* manifestLines(
  plans: PlanSource,
  matching: JobMatching,
  run: Listing,
  { unused, names }: Sources,
): AsyncGenerator<string> {
  for await (const plan of plans()) {
    const job = matching.at(plan.index);
    if (job === undefined) continue;
    const outcome = await outcomeOf(job, run, unused);
    // A job that was skipped gets another outcome in this run.
    if (outcome === null || outcome.status === 'skipped') {
      await moveDownloads(plan, job, matching, run, names);
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
  names: FreeNames,
): Promise<void> {
  const below = downloadsOf(job, run);
  const oldStem = below[0]?.replace(/\.[^./]+$/, '');
  if (oldStem === undefined) return;
  const newStem = await names.freeStem(pathFor(path, oldStem), null);
  for (const oldPath of below) {
    const newPath = oldPath.replace(oldStem, newStem);
    if (newPath !== oldPath) matching.move({ oldPath, newPath, sidecarOf: null });
  }
}

/** Returns the paths of the originals of a job that has no outcome yet, below the run folder. */
function downloadsOf({ oldIndex }: MatchedJob, { journal, config }: Pick<Listing, 'journal' | 'config'>) {
  const files = oldIndex === null ? [] : (journal.find(oldIndex)?.files ?? []);
  const paths = files.flatMap(({ path, untouched }) => [
    path,
    ...(untouched === undefined ? [] : [untouched.path]),
  ]);
  return paths.map((path) => relative(config.folder, path).replaceAll(sep, '/'));
}

/** Notes the moves of originals whose job had no outcome when it was dropped. */
function moveUnfinished(
  job: MatchedJob,
  matching: JobMatching,
  run: Pick<Listing, 'journal' | 'config'>,
): void {
  for (const oldPath of downloadsOf(job, run)) {
    matching.move({ oldPath, newPath: `${UNUSED_FOLDER}/${job.id}/${oldPath}`, sidecarOf: null });
  }
}

/** Lists the results that no job asks for, those of earlier inputs included. */
async function* unusedLines(
  matching: JobMatching,
  run: Listing,
  unused: UnusedResults,
): AsyncGenerator<string> {
  for (const job of matching.unused()) {
    const outcome = await outcomeOf(job, run, unused);
    if (outcome === null) moveUnfinished(job, matching, run);
    if (outcome === null || (outcome.status !== 'saved' && !((outcome.costUsd ?? 0) > 0))) continue;
    const stem = stemOf(outcome);
    if (job.oldIndex === null || stem === null) {
      yield unusedLine({ id: job.id, outcome });
      continue;
    }
    const { outcome: moved, renamed: files } = withStem(outcome, stem, `${UNUSED_FOLDER}/${job.id}/${stem}`);
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

/** Finds names for files that get another one: never that of a file which is not the run's own. */
interface FreeNames {
  /** Returns a stem at which no file of others is; `outcome` has the files. */
  freeStem(wanted: string, outcome: Outcome | null): Promise<string>;
}

function createFreeNames({ config, manifest }: Listing, unused: UnusedResults): FreeNames {
  let own: Set<string> | null = null;
  const ownPaths = async (): Promise<Set<string>> => {
    const paths = new Set<string>();
    for await (const { files } of manifest.outcomes()) for (const { path } of files) paths.add(path);
    for await (const { outcome } of unused.all()) for (const { path } of outcome.files) paths.add(path);
    return paths;
  };
  const isTaken = async (path: string): Promise<boolean> => {
    if (!existsSync(join(config.folder, path))) return false;
    own ??= await ownPaths();
    return !own.has(path);
  };
  return {
    async freeStem(wanted, outcome) {
      const stem = outcome === null ? null : stemOf(outcome);
      if (outcome === null || stem === null) return wanted;
      for (let number = 1; ; number += 1) {
        const candidate = number === 1 ? wanted : `${wanted}-${number}`;
        const { renamed: files } = withStem(outcome, stem, candidate);
        const taken = await Promise.all(
          files.map(({ newPath, isSidecar }) => !isSidecar && isTaken(newPath)),
        );
        if (!taken.includes(true)) return candidate;
      }
    },
  };
}
