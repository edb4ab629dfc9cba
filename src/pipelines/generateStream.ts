import { merge, NEVER } from 'rxjs';
import type { Outcome } from '../types.ts';
import { generate } from './generate.ts';
import type { GenerateConfig } from './journey/config.ts';
import { outcomeStream } from './outcomeStream.ts';
import type { PlanSource } from './run/recoveryRounds.ts';

/**
 * Runs `generate` as an async iterator, whose consumer sets the pace:
 *
 *     for await (const outcome of generateStream(plans, config)) await publish(outcome);
 *
 * A job stays in flight until the loop comes back for the next outcome. A slow loop therefore holds
 * the run back once the limit of jobs in flight is reached: twice `concurrency` plus `downloads`,
 * with the strategy `stream`. The run begins when you ask for the first outcome.
 *
 * Leaving the loop stops the run: no more jobs begin, and jobs in flight, which may be paid, are
 * finished and saved before the loop is left; let `config.cancel` emit to cancel them instead. An
 * error that ends the run is thrown once all outcomes before it have been taken.
 */
export function generateStream(
  plans: PlanSource,
  config: GenerateConfig,
): AsyncGenerator<Outcome, void, undefined> {
  return outcomeStream(({ handOver, left }) =>
    generate(plans, { ...config, stop: merge(config.stop ?? NEVER, left), handOver }),
  );
}
