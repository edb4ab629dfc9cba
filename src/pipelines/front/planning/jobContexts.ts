import type { ModelReference } from '../../../base/modelName.ts';
import type { Provider } from '../../../ports.ts';
import type { RenditionFields } from '../../../renditions/fields.ts';
import { expectDistinctNames, readRendition } from '../../../renditions/lists.ts';
import { readableOverlays } from '../../../renditions/overlays.ts';
import { inputFiles } from '../../../sources/modelInputs/inputFiles.ts';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import type { Json, Model, ModelInputProperty, RenditionSpec } from '../../../types.ts';
import { findModel } from './findModel.ts';

/** The choices that all jobs of a run share. */
export interface ContextChoices extends Pick<JobContext, 'count' | 'seed' | 'allowFiles'> {
  /** Inputs of every job by name. If a name is there twice, the last value counts. */
  readonly input: readonly (readonly [name: string, value: Json])[];
  /** Reads a value by the model's schema. Default: it stays as it is. */
  readonly readInput?: (name: string, value: Json, property: ModelInputProperty | undefined) => Json;
  /** Renditions, fields as in a spec, or texts as on the command line. */
  readonly renditions: readonly (string | RenditionSpec | RenditionFields)[];
  readonly limit?: number | undefined;
}

/**
 * Returns the context that all jobs of a model share; paths begin in the working directory. Rejects
 * with `UsageError` if a value is invalid or a file is missing.
 */
export async function jobContext(
  choices: ContextChoices,
  { version }: ModelReference,
  model: Model,
): Promise<JobContext> {
  const { allowFiles = [], count, seed, limit, readInput = (_name, value) => value } = choices;
  const { name, schema } = model;
  const pairs = choices.input.map(
    ([key, value]) => [key, readInput(key, value, schema?.properties[key])] as const,
  );
  const input = Object.fromEntries(pairs);
  // Files named on the command line or by the program are the user's own choice.
  const files = await inputFiles(input, { schema, allowFiles: 'any' });
  const renditions = choices.renditions.map((given, at) => readRendition(given, `renditions[${at}]`));
  expectDistinctNames(renditions);
  return {
    model: name,
    version,
    schema,
    input,
    ...(Object.keys(files).length === 0 ? {} : { files }),
    allowFiles,
    count,
    seed,
    renditions: await readableOverlays(renditions, process.cwd()),
    ...(limit === undefined ? {} : { limit }),
  };
}

/**
 * Looks up several models and returns a context for each, in their order. An input that only some
 * of them have is left out for the others. Rejects with `UsageError` as `findModel` and
 * `jobContext` do.
 */
export async function contextsFor(
  choices: ContextChoices,
  references: readonly ModelReference[],
  provider: Provider,
): Promise<JobContext[]> {
  const found = await Promise.all(
    references.map(async (reference) => ({ reference, model: await findModel(provider, reference) })),
  );
  const models = found.map(({ model }) => model);
  return Promise.all(
    found.map(({ reference, model }) => {
      // An input that no model takes stays, so that the check of the context reports it.
      const isFor = (name: string) => takes(model, name) || !models.some((other) => takes(other, name));
      const input = choices.input.filter(([name]) => isFor(name));
      return jobContext({ ...choices, input }, reference, model);
    }),
  );
}

function takes({ schema }: Model, name: string): boolean {
  return schema === null || Object.hasOwn(schema.properties, name);
}
