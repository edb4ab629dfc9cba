import { createHash } from 'node:crypto';
import { canonicalJson } from '../../../base/modelInput.ts';
import { option } from '../../../errors.ts';
import type { Plan } from '../../../types.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun } from '../settings.ts';
import { finishMoves } from './finishMoves.ts';
import { dayless } from './jobFiles.ts';
import { writeNextLists } from './nextLists.ts';

interface MatchInputConfig {
  /**
   * Hash of everything that the plans follow from; the same hash and total save the passes over
   * them. Null: not known.
   */
  fingerprint: string | null;
  /** Number of the plans. */
  total: number;
  /** True if all that the folder has is certainly of these plans. Default false. */
  isSame?: boolean;
}

/**
 * Matches the jobs of a folder with those of its input by their keys, so that only new jobs cost
 * money after jobs were inserted, deleted, moved or appended. Results get the index, the tags and
 * the file names of the job that asks for them now; results that no job asks for are moved to
 * `unused/`, listed, and counted on. A kill in the middle leaves a move that the next run finishes.
 */
export async function matchInput(
  plans: PlanSource,
  config: MatchInputConfig,
  run: Pick<OpenRun, 'config' | 'manifest' | 'journal' | 'trustIndexes'>,
): Promise<void> {
  await matchPlans(plans, config, run);
  run.trustIndexes();
}

async function matchPlans(
  plans: PlanSource,
  { fingerprint, total, isSame = false }: MatchInputConfig,
  run: Pick<OpenRun, 'config' | 'manifest' | 'journal'>,
): Promise<void> {
  const { journal, manifest, config } = run;
  // A manifest with more jobs than the input is an older copy: its lines must be compared.
  const known = manifest.end() > total ? null : journal.input();
  if (fingerprint !== null && known?.fingerprint === fingerprint && known.total === total) return;
  if (journal.isEmpty()) {
    journal.setInput({ fingerprint, total, content: NOT_READ });
    return;
  }
  if (isSame) return;
  const content = createHash('sha256');
  const matching = journal.matching();
  for await (const plan of plans()) {
    content.update(contentOf(plan));
    matching.add(plan);
  }
  const input = { fingerprint, total, content: content.digest('hex') };
  if (known?.content === input.content) {
    journal.setInput(input);
    return;
  }
  const dropped = matching.resolve();
  await writeNextLists(plans, matching, run);
  journal.setInput(input, matching);
  await manifest.replaced(() => finishMoves(config.folder, journal));
  if (dropped > 0) config.emit?.({ type: 'warning', message: describeDropped(dropped) });
}

/** The content of an input whose plans were not compared yet. */
const NOT_READ = '';

/**
 * Returns the content that decides a job's path in the folder; the day in a path is that of its
 * run.
 */
function contentOf({ key, path, tags, prompt }: Plan): string {
  return canonicalJson([key, dayless(path), tags, prompt]);
}

function describeDropped(jobs: number): string {
  const [those, images, cost] =
    jobs === 1
      ? ['1 job of this folder is', 'Its images', 'its cost']
      : [`${jobs} jobs of this folder are`, 'Their images', 'their cost'];
  return `${those} no longer in the input, or beyond ${option('--limit')}. ${images} are in unused/ and listed under "unused" in manifest.json; ${cost} still counts.`;
}
