import type { Provider } from '../ports.ts';
import type { JobContext } from '../sources/JobContext.ts';
import type { Model } from '../types.ts';
import type { ModelReference } from './Flags.ts';
import { findModel } from './findModel.ts';
import { jobContext } from './jobContext.ts';
import type { SettledFlags } from './withDefaults.ts';

/**
 * What the flags say about the jobs of each of several models, in their order. An `--input` that only some of them have is
 * left out for the others. Rejects with `UsageError` as `findModel` and `jobContext` do.
 */
export async function jobContexts(
  flags: SettledFlags,
  references: readonly ModelReference[],
  provider: Provider,
): Promise<JobContext[]> {
  const found = await Promise.all(
    references.map(async (reference) => ({ reference, model: await findModel(provider, reference) })),
  );
  const models = found.map(({ model }) => model);
  return Promise.all(
    found.map(({ reference, model }) => {
      // What nobody takes stays, so that the check of the context can say so.
      const isFor = (name: string) => takes(model, name) || !models.some((other) => takes(other, name));
      const modelInput = flags.modelInput.filter(([name]) => isFor(name));
      return jobContext({ ...flags, modelInput }, reference, model);
    }),
  );
}

function takes({ schema }: Model, name: string): boolean {
  return schema === null || Object.hasOwn(schema.properties, name);
}
