import type { Journal } from '../ports.ts';
import type { Plan } from '../types.ts';

/** Plans that can be gone through more than once. */
export type PlanSource = () => Iterable<Plan> | AsyncIterable<Plan>;

/**
 * The plans that still need work. First those that an earlier run left open, the oldest before the others, because the
 * service keeps their outputs for one hour only; then those never begun or to be begun again. Memory: the open ones.
 */
export async function* unfinishedPlans(
  plans: PlanSource,
  journal: Journal,
  isDone: (plan: Plan) => boolean,
): AsyncGenerator<Plan> {
  const open = journal.openIndexes();
  if (open.size > 0) yield* oldestFirst(await plansAt(open, plans, isDone), journal);
  for await (const plan of plans()) {
    if (!open.has(plan.index) && !isDone(plan)) yield plan;
  }
}

async function plansAt(
  indexes: ReadonlySet<number>,
  plans: PlanSource,
  isDone: (plan: Plan) => boolean,
): Promise<Plan[]> {
  const found: Plan[] = [];
  for await (const plan of plans()) {
    if (indexes.has(plan.index) && !isDone(plan)) found.push(plan);
  }
  return found;
}

function oldestFirst(plans: readonly Plan[], journal: Journal): readonly Plan[] {
  const begun = new Map(plans.map(({ index }) => [index, journal.find(index)?.intendedAtMs ?? 0]));
  return plans.toSorted((a, b) => (begun.get(a.index) ?? 0) - (begun.get(b.index) ?? 0));
}
