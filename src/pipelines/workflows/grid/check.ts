import { nearestName } from '../../../base/suggest.ts';
import { option, UsageError } from '../../../errors.ts';
import { checkInput, inputFaults, inputValidator } from '../../../sources/modelInputs/checkInput.ts';
import { throwUsageErrors } from '../../../sources/modelInputs/describeInput.ts';
import { inputFiles } from '../../../sources/modelInputs/inputFiles.ts';
import { checkJobContext, type JobContext } from '../../../sources/planning/jobContext.ts';
import { checkSeeds } from '../../../sources/planning/seeds.ts';
import { filledPrompt } from '../../../sources/specs/promptTemplate.ts';
import type { Json, ModelInput } from '../../../types.ts';
import { type Grid, type GridAxis, type GridValue, gridTotal, type ResumedGrid } from './cells.ts';

/** Inputs that set the shape: another model gets the nearest shape that it has. */
const shapeInputs = ['aspect_ratio', 'width', 'height'];

/**
 * Checks a grid value by value rather than cell by cell: its number of images, inputs that no model
 * has or that one of them refuses, required inputs, seeds, the longest prompt, and files. Rejects
 * with one `UsageError` that lists all wrong values and files. An input that only some of several
 * models have is not a mistake.
 */
export async function checkGrid(grid: ResumedGrid, contexts: readonly JobContext[]): Promise<void> {
  const models = gridModels(grid, contexts);
  const total = gridTotal(grid, models[0]?.limit);
  for (const { name, place } of grid.axes) {
    if (models.every(({ input }) => !Object.hasOwn(input, name))) continue;
    throw new UsageError(
      `${place}: \`${name}\` is an axis of the grid, so it cannot also be given with ${option('--input')}`,
    );
  }
  for (const context of models) checkJobContext(context);
  const faults = await Promise.all(models.map((context) => valueFaults(grid, models, context)));
  throwUsageErrors(faults.flat());
  for (const context of models) {
    checkRequired(grid, context);
    checkPrompt(grid, context);
    checkSeeds(total, { ...context, count: 1 });
  }
}

/** Returns the fixed and varying inputs that one model refuses, and their missing files. */
async function valueFaults(
  { input, inputPlaces = {}, axes }: Grid,
  models: readonly JobContext[],
  context: JobContext,
): Promise<UsageError[]> {
  const faults: UsageError[] = [];
  for (const [name, value] of Object.entries(ownInput(input, models, context))) {
    // Flags override the spec.
    if (Object.hasOwn(context.input, name)) continue;
    faults.push(...(await faultsAt(inputPlaces[name] ?? 'input', { [name]: value }, context)));
  }
  for (const axis of axes) {
    for (const value of axis.values) {
      const own = ownInput(value.input, models, context);
      const unknown = unknownAxis(axis, Object.keys(own), context);
      faults.push(...(unknown === null ? await faultsAt(axis.place, own, context) : [unknown]));
    }
  }
  return faults;
}

/**
 * Returns the inputs for this model: without those that only others have, and without a shape that
 * it replaces by its own.
 */
function ownInput(input: ModelInput, models: readonly JobContext[], context: JobContext): ModelInput {
  const isOmitted = (name: string, value: Json) => {
    if (accepts(context, name, value)) return false;
    const hasIt = context.schema?.properties[name] !== undefined;
    return (!hasIt || shapeInputs.includes(name)) && models.some((other) => accepts(other, name, value));
  };
  return Object.fromEntries(Object.entries(input).filter(([name, value]) => !isOmitted(name, value)));
}

function accepts({ schema }: JobContext, name: string, value: Json): boolean {
  const property = schema?.properties[name];
  return property !== undefined && inputValidator(property)(value);
}

/**
 * Returns the faults of some inputs, with their path. Files are checked only if the values are
 * valid.
 */
async function faultsAt(path: string, input: ModelInput, context: JobContext): Promise<UsageError[]> {
  const { model, schema } = context;
  const refused = schema === null ? [] : inputFaults(model, schema, input);
  const faults = refused.length > 0 ? refused : await fileFaults(input, context);
  return faults.map(
    (fault) => new UsageError(`${path}: ${fault.message}`, { suggestion: fault.suggestion, cause: fault }),
  );
}

async function fileFaults(input: ModelInput, context: JobContext): Promise<UsageError[]> {
  try {
    await inputFiles(input, context);
    return [];
  } catch (error) {
    if (error instanceof UsageError) return [error];
    throw error;
  }
}

function unknownAxis(
  { place }: GridAxis,
  names: readonly string[],
  { model, schema }: JobContext,
): UsageError | null {
  const inputs = Object.keys(schema?.properties ?? {});
  const name = schema === null ? undefined : names.find((each) => !inputs.includes(each));
  if (name === undefined) return null;
  const meant = nearestName(name, inputs);
  return new UsageError(
    `${place}: Expected a placeholder of the prompt or an input of ${model}, got \`${name}\``,
    {
      suggestion: meant === null ? `${model} takes ${inputs.join(', ')}.` : `Did you mean \`${meant}\`?`,
    },
  );
}

function checkRequired({ input, axes }: Grid, { schema, model, input: given }: JobContext): void {
  const varied = axes.flatMap(({ values }) => values.flatMap((value) => Object.keys(value.input)));
  const names = new Set(['prompt', ...Object.keys(input), ...Object.keys(given), ...varied]);
  const missing = schema?.required.find((name) => !names.has(name));
  if (missing === undefined) return;
  throw new UsageError(`${model} requires a value for \`${missing}\``, {
    suggestion: `Give it under input: in the spec, as an axis, or as ${option('--input', `${missing}=VALUE`)}.`,
  });
}

/** Checks only the longest prompt, which is the one that can be too long. */
function checkPrompt({ prompt, axes }: Grid, { schema }: JobContext): void {
  const property = schema?.properties.prompt;
  if (property === undefined) return;
  const lengthOf = ({ words }: GridValue) => Object.values(words).join('').length;
  const longest = axes.map(
    ({ values }) => values.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0]?.words ?? {},
  );
  checkInput('prompt', filledPrompt(prompt, Object.assign({}, ...longest)), property);
}

/** Returns the contexts of a grid's models: of all on its axis, or of the only one. */
export function gridModels({ axes }: Pick<Grid, 'axes'>, contexts: readonly JobContext[]): JobContext[] {
  const names = axes.flatMap(({ values }) => values.map(({ model }) => model));
  const models = [...new Set(names)].filter((name) => name !== undefined);
  if (models.length === 0) return contexts.slice(0, 1);
  return models.map((name) => {
    const context = contexts.find(
      ({ model, version }) => name === (version === null ? model : `${model}:${version}`),
    );
    if (context !== undefined) return context;
    throw new UsageError(`Expected a context for each model of the grid, got none for ${name}`);
  });
}
