import { access } from 'node:fs/promises';
import { insideFolder } from '../../../disk/insideFolder.ts';
import { option, UsageError } from '../../../errors.ts';
import { expectedPrice } from '../../../operators/stages/budgetTake.ts';
import {
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
import { rankRound, type Unranked } from './rankRound.ts';
import { type RefinementSpec, refinementTotal } from './spec.ts';

interface RefinementRoundsConfig {
  spec: RefinementSpec;
  contexts: RefinementContexts;
  planning: PlanJobsConfig;
  run: OpenRun;
  /** Rounds that earlier runs in the folder have decided. */
  decided: readonly RefinementRound[];
  /** The copies that an earlier run has made. Default: none. */
  earlier?: Pick<RefinementHistory, 'best' | 'copies'>;
  /**
   * Called before each round with the jobs of all started rounds: gives results of the folder to
   * the jobs that request them now. Default: no-op, because all jobs have the indexes they had.
   */
  match?: (plans: PlanSource) => Promise<void>;
}

/** The rounds of a refinement so far. */
export interface RefinementRounds {
  /** Returns the jobs of the next round; none if the refinement ends before it. */
  begin(): Promise<readonly Plan[]>;
  /**
   * Ranks the started round from the manifest, and writes the result. Returns false if no next
   * round can build on it. `isCut`: the budget had no room for all ratings.
   */
  decide(ended: { isCut: boolean }): Promise<boolean>;
  /** All jobs of the started rounds. */
  readonly plans: PlanSource;
  /** Returns the jobs of one round, at most the one after the last decision. */
  plansOf(round: number): AsyncIterable<Plan>;
  /** Returns the outcomes of the started round, from this run or an earlier one. */
  outcomes(): AsyncIterable<Outcome>;
  /** Returns all decisions, and the ranking so far of a round that was cut short. */
  history(): Promise<RefinementHistory>;
}

/**
 * Plans and decides the rounds of a refinement. The jobs of a round follow from the decisions
 * before it, which are on disk before it starts. So a later run in the folder plans the same jobs,
 * and rates nothing twice.
 */
export function createRefinementRounds(config: RefinementRoundsConfig): RefinementRounds {
  const { spec, contexts, planning, run, match = async () => {} } = config;
  const { folder, ledger, answers = {} } = run.config;
  const { best, copies } = config.earlier ?? {};
  const head = { basePrompt: spec.prompt, ...(best && { best }), ...(copies && { copies }) };
  const rounds = [...config.decided];
  let startedRounds = rounds.length;
  let end: RefinementEnd | null = null;

  const parentsOf = ({ candidates }: RefinementRound): RefinementParent[] =>
    candidates.flatMap(({ index, path, kept }) =>
      kept && path !== null ? [{ index, picture: path, file: insideFolder(folder, path) }] : [],
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
      if (isOfRound(outcome.index, startedRounds - 1)) yield outcome;
    }
  }

  const endBefore = (round: number): RefinementEnd | null => {
    const best = rounds.at(-1)?.bestScore ?? null;
    if (best !== null && spec.stopAtScore !== null && best >= spec.stopAtScore) return 'score';
    return round > spec.rounds ? 'rounds' : null;
  };
  /**
   * Returns true if the budget has room for one job. A round that an earlier run has started
   * continues at any cost.
   */
  const isAffordable = (jobs: readonly Plan[]): boolean => {
    if (jobs.some(({ index }) => run.journal.find(index) !== undefined)) return true;
    const [first] = jobs;
    const reservation = ledger.reserve(first === undefined ? 0 : expectedPrice(first, answers));
    reservation?.release();
    return reservation !== null;
  };

  const ranked = async (decided: boolean): Promise<{ round: RefinementRound; isCut: boolean }> => {
    const made: Unranked[] = [];
    let isCut = false;
    for await (const outcome of outcomes()) {
      made.push(candidateOf(outcome, startedRounds - 1));
      isCut ||= outcome.error?.name === 'BudgetError';
    }
    return { round: rankRound(rounds.at(-1), made, { keep: spec.keep, decided }), isCut };
  };

  const plans: PlanSource = () => (startedRounds === 0 ? [] : plansUpTo(startedRounds - 1));
  return {
    plans,
    plansOf,
    outcomes,
    async begin() {
      const round = rounds.length;
      end = endBefore(round);
      if (end === null) startedRounds = round + 1;
      await match(plans);
      if (end !== null) return [];
      const jobs: Plan[] = [];
      for await (const plan of plansOf(round)) jobs.push(plan);
      if (round === 0 || isAffordable(jobs)) return jobs;
      startedRounds = round;
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
      await writeRefinementHistory(folder, { ...head, end: null, rounds });
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
      if (startedRounds === rounds.length) return { ...head, end: end ?? 'stopped', rounds };
      const { round } = await ranked(false);
      return { ...head, end: end ?? 'stopped', rounds: [...rounds, round] };
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

interface ValidRoundsConfig extends Omit<RefinementRoundsConfig, 'decided'> {
  /** True if requests may have changed since then. */
  mayDiffer: boolean;
}

/**
 * Returns the rounds of an earlier run whose decisions still hold: all before the first one that
 * was cut short, exceeds the number of rounds in the spec, or has other requests or another number
 * of images to keep now. Rejects with `UsageError` if an image is missing that others are made
 * from.
 */
export async function validRounds(
  rounds: readonly RefinementRound[],
  { mayDiffer, ...parts }: ValidRoundsConfig,
): Promise<readonly RefinementRound[]> {
  const valid: RefinementRound[] = [];
  for (const round of rounds.slice(0, parts.spec.rounds + 1)) {
    if (!round.decided) break;
    const isSame = () => hasSameRequests(round, { ...parts, decided: valid });
    if (mayDiffer && !(keepsAsMany(round, parts.spec) && (await isSame()))) break;
    await checkParents(round, parts.run.config.folder);
    valid.push(round);
  }
  return valid;
}

/** Returns true if a round has kept as many images as the spec says, or those that you picked. */
function keepsAsMany({ candidates, picked = false }: RefinementRound, { keep }: RefinementSpec): boolean {
  const rated = candidates.filter(({ score }) => score !== null).length;
  return picked || candidates.filter(({ kept }) => kept).length === Math.min(keep, rated);
}

/** Returns true if a round was of exactly the jobs that it has now. */
async function hasSameRequests(
  { round, candidates }: RefinementRound,
  config: RefinementRoundsConfig,
): Promise<boolean> {
  const own = candidates.filter((candidate) => candidate.round === round);
  const keys = new Map(own.map(({ index, key }) => [index, key]));
  for await (const { index, key } of createRefinementRounds(config).plansOf(round)) {
    if (keys.get(index) !== key) return false;
    keys.delete(index);
  }
  return keys.size === 0;
}

async function checkParents({ candidates }: RefinementRound, folder: string): Promise<void> {
  for (const { index, path, kept } of candidates) {
    if (!kept || path === null) continue;
    const file = insideFolder(folder, path);
    await access(file).catch((cause: unknown) => {
      throw new UsageError(`The image of job #${index + 1} is missing: ${file}`, {
        suggestion: `Other images are made from it. Put it back, or start again in another folder with ${option('--out')}.`,
        cause,
      });
    });
  }
}
