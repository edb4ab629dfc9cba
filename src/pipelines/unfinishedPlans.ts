import type { Journal } from '../ports.ts';
import type { Plan } from '../types.ts';

/** Plans that can be gone through more than once. */
export type PlanSource = () => Iterable<Plan> | AsyncIterable<Plan>;

/**
 * The plans that still need work. First those that an earlier run left open, because the service keeps their outputs
 * for one hour only; then those never begun or to be begun again.
 */
export async function* unfinishedPlans(
  plans: PlanSource,
  journal: Journal,
  isDone: (plan: Plan) => boolean,
): AsyncGenerator<Plan> {
  const open = journal.openIndexes();
  if (open.size > 0) {
    for await (const plan of plans()) {
      if (open.has(plan.index) && !isDone(plan)) yield plan;
    }
  }
  for await (const plan of plans()) {
    if (!open.has(plan.index) && !isDone(plan)) yield plan;
  }
}
