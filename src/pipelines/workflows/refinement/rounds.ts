import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../../errors.ts';
import {
  type RefinementCandidate,
  type RefinementEnd,
  type RefinementHistory,
  type RefinementRound,
  writeRefinementHistory,
} from '../../../sinks/refinement/history.ts';
import { type PlanJobsConfig, planJobs } from '../../../sources/planning/planJobs.ts';
import type { Outcome, Plan } from '../../../types.ts';
import { originalPicture } from '../../journey/outcomes.ts';
import type { PlanSource } from '../../run/recoveryRounds.ts';
import type { OpenRun } from '../../run/settings.ts';
import { type RefinementContexts, type RefinementParent, refinementJobs } from './jobs.ts';
import { type RefinementSpec, refinementTotal } from './spec.ts';

interface RefinementRoundsConfig {
  spec: RefinementSpec;
  contexts: RefinementContexts;
  planning: PlanJobsConfig;
  run: OpenRun;
  /** What earlier runs in the folder have decided. */
  decided: readonly RefinementRound[];
}

/** The rounds of a refinement, as far as they have come. */
export interface RefinementRounds {
  /** The jobs of the next round; none where the refinement ends before it. */
  begin(): Promise<readonly Plan[]>;
  /**
   * Ranks the round that was begun, as the manifest has it, and writes it down; false where it is no sound ground for a next one.
   * `isCut`: the budget had no room for all ratings.
   */
  decide(ended: { isCut: boolean }): Promise<boolean>;
  /** All jobs of the rounds that were begun. */
  readonly plans: PlanSource;
  /** Those of one round, which may be the one after the last decision. */
  plansOf(round: number): AsyncIterable<Plan>;
  /** Outcomes of the round that was begun, by this run or an earlier one. */
  outcomes(): AsyncIterable<Outcome>;
  /** What has been decided, and how the round stands that was cut short. */
  history(): Promise<RefinementHistory>;
}

/**
 * Plans and decides the rounds of a refinement. A round's jobs follow from the decisions before it, which are on disk before it
 * begins: whoever goes on in the folder plans the same jobs, and rates nothing twice.
 */
export function createRefinementRounds(config: RefinementRoundsConfig): RefinementRounds {
  const { spec, contexts, planning, run } = config;
  const { folder, ledger } = run.config;
  const rounds = [...config.decided];
  let begun = rounds.length;
  let end: RefinementEnd | null = null;

  const parentsOf = ({ candidates }: RefinementRound): RefinementParent[] =>
    candidates.flatMap(({ index, path, kept }) =>
      kept && path !== null ? [{ index, picture: path, file: join(folder, path) }] : [],
    );
  const plansUpTo = (round: number) =>
    planJobs(refinementJobs(spec, contexts, rounds.slice(0, round).map(parentsOf)), planning);
  const isOfRound = (index: number, round: number) =>
    index >= firstIndex(spec, round) && index < firstIndex(spec, round + 1);
  async function* plansOf(round: number) {
    for await (const plan of plansUpTo(round)) if (isOfRound(plan.index, round)) yield plan;
  }
  async function* outcomes() {
    for await (const outcome of run.manifest.outcomes()) {
      if (isOfRound(outcome.index, begun - 1)) yield outcome;
    }
  }

  const endBefore = (round: number): RefinementEnd | null => {
    const best = rounds.at(-1)?.bestScore ?? null;
    if (best !== null && spec.stopAtScore !== null && best >= spec.stopAtScore) return 'score';
    return round > spec.rounds ? 'rounds' : null;
  };
  /** A round that an earlier run has begun goes on, whatever it may cost. */
  const isAffordable = (jobs: readonly Plan[]): boolean => {
    if (jobs.some(({ index }) => run.journal.find(index) !== undefined)) return true;
    const reservation = ledger.reserve(jobs[0]?.priceMicroUsd ?? 0);
    reservation?.release();
    return reservation !== null;
  };

  const ranked = async (decided: boolean): Promise<{ round: RefinementRound; isCut: boolean }> => {
    const made: Unranked[] = [];
    let isCut = false;
    for await (const outcome of outcomes()) {
      made.push(candidateOf(outcome, begun - 1));
      isCut ||= outcome.error?.code === 'ERR_OVER_BUDGET';
    }
    return { round: rankRound(rounds.at(-1), made, { keep: spec.keep, decided }), isCut };
  };

  return {
    plans: () => (begun === 0 ? [] : plansUpTo(begun - 1)),
    plansOf,
    outcomes,
    async begin() {
      const round = rounds.length;
      end = endBefore(round);
      if (end !== null) return [];
      begun = round + 1;
      const jobs: Plan[] = [];
      for await (const plan of plansOf(round)) jobs.push(plan);
      if (round === 0 || isAffordable(jobs)) return jobs;
      begun = round;
      end = 'budget';
      return [];
    },
    async decide(ended) {
      const { round, isCut: isUnmade } = await ranked(true);
      const isCut = isUnmade || ended.isCut;
      const hasNew = round.candidates.some((made) => made.round === round.round && made.score !== null);
      if (isCut || !hasNew) {
        end = isCut ? 'budget' : 'nothing';
        return false;
      }
      rounds.push(round);
      await writeRefinementHistory(folder, { end: null, rounds });
      const kept = round.candidates.filter((candidate) => candidate.kept).map(({ index }) => index);
      run.config.emit?.({
        type: 'round.completed',
        round: round.round,
        bestIndex: kept[0] ?? 0,
        bestScore: round.bestScore ?? 0,
        kept,
      });
      return true;
    },
    async history() {
      if (begun === rounds.length) return { end: end ?? 'stopped', rounds };
      const { round } = await ranked(false);
      return { end: end ?? 'stopped', rounds: [...rounds, round] };
    },
  };
}

function firstIndex(spec: RefinementSpec, round: number): number {
  return round === 0 ? 0 : refinementTotal({ ...spec, rounds: round - 1 });
}

function candidateOf(outcome: Outcome, round: number): Unranked {
  const { index, key, status, metrics, tags } = outcome;
  const path = originalPicture(outcome);
  const score = path !== null && typeof metrics.score === 'number' ? metrics.score : null;
  const parent = tags.parent === undefined ? null : Number(tags.parent) - 1;
  return { index, key, round, parent, status, score, path };
}

/** A candidate that nothing was decided about. */
export type Unranked = Omit<RefinementCandidate, 'rank' | 'kept'>;

/**
 * Ranks a round: what was kept so far and what it has made itself, by score; of equal ones the earlier first. The best few are kept.
 * Since the kept stay in the pool, the best score never falls from round to round, and the kept are the best of all rounds.
 */
export function rankRound(
  before: RefinementRound | undefined,
  made: readonly Unranked[],
  { keep, decided }: { keep: number; decided: boolean },
): RefinementRound {
  const pool: readonly Unranked[] = [...keptOf(before), ...made];
  const rated = pool.filter(({ score }) => score !== null).toSorted(byScore);
  const unrated = pool.filter(({ score }) => score === null);
  return {
    round: before === undefined ? 0 : before.round + 1,
    decided,
    bestScore: rated[0]?.score ?? null,
    candidates: [
      ...rated.map((candidate, place) => ({ ...candidate, rank: place + 1, kept: place < keep })),
      ...unrated.map((candidate) => ({ ...candidate, rank: null, kept: false })),
    ],
  };
}

function keptOf(round: RefinementRound | undefined): readonly RefinementCandidate[] {
  return round?.candidates.filter(({ kept }) => kept) ?? [];
}

function byScore(a: Unranked, b: Unranked): number {
  return (b.score ?? 0) - (a.score ?? 0) || a.index - b.index;
}

interface SoundRoundsConfig extends Omit<RefinementRoundsConfig, 'decided'> {
  /** Whether requests may have changed since. */
  mayDiffer: boolean;
}

/**
 * The rounds of an earlier run whose decisions still hold: up to the first that was cut short, that is beyond the last one wanted,
 * or whose pictures are now made from other requests. Rejects with `UsageError` where a picture is gone that others are made from.
 */
export async function validRounds(
  rounds: readonly RefinementRound[],
  { mayDiffer, ...parts }: SoundRoundsConfig,
): Promise<readonly RefinementRound[]> {
  const sound: RefinementRound[] = [];
  for (const round of rounds.slice(0, parts.spec.rounds + 1)) {
    if (!round.decided) break;
    if (mayDiffer && !(await isMadeAlike(round, { ...parts, decided: sound }))) break;
    await expectParents(round, parts.run.config.folder);
    sound.push(round);
  }
  return sound;
}

async function isMadeAlike(round: RefinementRound, config: RefinementRoundsConfig): Promise<boolean> {
  const keys = new Map(round.candidates.map(({ index, key }) => [index, key]));
  for await (const { index, key } of createRefinementRounds(config).plansOf(round.round)) {
    const known = keys.get(index);
    if (known !== undefined && known !== key) return false;
  }
  return true;
}

async function expectParents({ candidates }: RefinementRound, folder: string): Promise<void> {
  for (const { index, path, kept } of candidates) {
    if (!kept || path === null) continue;
    await access(join(folder, path)).catch((cause: unknown) => {
      throw new UsageError(
        `Expected the picture of job #${index + 1} in ${join(folder, path)}, got no file`,
        {
          suggestion:
            'Others are made from it: put it back, or give another folder with --out, where all is made anew.',
          cause,
        },
      );
    });
  }
}
