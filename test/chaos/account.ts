import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { SimulatedPrediction, SimulatorStats } from '../../src/simulator/index.ts';
import { outcomeSchema } from '../../src/sinks/manifest/readOutcomes.ts';
import type { Outcome } from '../../src/types.ts';

/** The payments on record in a run folder. */
export interface Books {
  readonly outcomes: readonly Outcome[];
  /** Results that the input no longer asks for. */
  readonly unused: readonly Outcome[];
  /** Predictions that belong to no job. */
  readonly surplus: z.infer<typeof surplusSchema>;
}

export const surplusSchema = z.object({
  count: z.int(),
  costUsd: z.number(),
  predictionIds: z.array(z.string()),
});

/** Unused results have no index any more. */
const unusedSchema = z
  .looseObject({ lastIndex: z.int() })
  .transform(({ lastIndex, ...rest }) => ({ index: lastIndex, ...rest }))
  .pipe(outcomeSchema);

export const booksSchema = z.object({
  outcomes: z.array(outcomeSchema),
  unused: z.array(unusedSchema).default([]),
});

/** The predictions and figures of a batch at the service. */
export interface Account {
  readonly made: readonly Readonly<SimulatedPrediction>[];
  readonly stats: SimulatorStats;
}

/**
 * Compares the books of one or more run folders with the account at the service: each prediction
 * that succeeded must be in the books once, and the sums must agree to the millionth of a dollar.
 */
export function accountProblems({ made, stats }: Account, books: readonly Books[]): string[] {
  const problems: string[] = [];
  const booked = books.flatMap(({ outcomes, unused, surplus }) => [
    ...[...outcomes, ...unused].filter(({ cached }) => !cached).map(({ predictionId }) => predictionId),
    ...surplus.predictionIds,
  ]);
  for (const { id, input, serial } of made.filter(({ status }) => status === 'succeeded')) {
    const times = booked.filter((each) => each === id).length;
    if (times !== 1) problems.push(`prediction ${serial} ${id} (${input.prompt}): booked ${times} times`);
  }
  const { canceled, aborted, inFlight, tokensAtFileHost, billedMicroUsd } = stats;
  if (canceled + aborted + inFlight > 0) {
    problems.push(`${canceled} predictions canceled, ${aborted} aborted, ${inFlight} open`);
  }
  if (tokensAtFileHost > 0) problems.push(`${tokensAtFileHost} tokens went to the file host`);
  const bookedUsd = books.reduce((sum, one) => sum + sumOf(one), 0);
  if (Math.round(bookedUsd * 1_000_000) !== billedMicroUsd) {
    problems.push(`${billedMicroUsd / 1_000_000} dollars billed, ${bookedUsd} booked`);
  }
  return problems;
}

function sumOf({ outcomes, unused, surplus }: Books): number {
  return [...outcomes, ...unused].reduce((sum, { costUsd }) => sum + (costUsd ?? 0), surplus.costUsd);
}

/** The requests that the inputs of a batch have asked for. */
export interface Demand {
  /** Notes the prompts of an input. */
  ask(prompts: readonly string[]): void;
  /** Counts predictions that succeeded beyond those that an input ever asked for at the same time. */
  excess(made: Account['made']): number;
}

/** Creates an empty demand. Jobs with the same prompt ask for several predictions of it. */
export function createDemand(): Demand {
  const most = new Map<unknown, number>();
  return {
    ask(prompts) {
      for (const [prompt, times] of timesOf(prompts)) {
        most.set(prompt, Math.max(times, most.get(prompt) ?? 0));
      }
    },
    excess(made) {
      const succeeded = made.filter(({ status }) => status === 'succeeded').map(({ input }) => input.prompt);
      const beyond = [...timesOf(succeeded)].map(([prompt, times]) => times - (most.get(prompt) ?? 0));
      return beyond.reduce((sum, times) => sum + Math.max(0, times), 0);
    },
  };
}

function timesOf(values: readonly unknown[]): Map<unknown, number> {
  const times = new Map<unknown, number>();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  return times;
}

/** Returns a problem if the jobs of a folder are not those that its input asks for, in its order. */
export function demandProblems({ outcomes }: Books, wanted: readonly string[]): string[] {
  const found = outcomes.toSorted((one, other) => one.index - other.index).map(({ prompt }) => prompt);
  if (isDeepStrictEqual(found, wanted)) return [];
  const at = wanted.findIndex((prompt, index) => prompt !== found[index]);
  return [`manifest.json: ${found.length} jobs for ${wanted.length}; #${at + 1} is ${found[at]}`];
}
