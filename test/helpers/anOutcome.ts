import { anOutcome as anyOutcome } from '../../src/testing/aPlan.ts';
import type { Outcome } from '../../src/types.ts';

/** Its prompt has everything that texts, tables and pages have to quote. */
export function anOutcome(fields: Partial<Outcome> = {}): Outcome {
  return anyOutcome({
    key: 'a'.repeat(64),
    prompt: 'a cat, "sleeping"\nin the sun ☀️',
    input: { prompt: 'a cat', seed: 1 },
    metrics: { predict_time: 3.2 },
    ...fields,
  });
}
