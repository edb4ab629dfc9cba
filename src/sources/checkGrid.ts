import { UsageError } from '../errors.ts';
import type { Json, ModelInput } from '../types.ts';
import { checkInput } from './checkInput.ts';
import { checkJobContext } from './checkJobContext.ts';
import { checkSeeds } from './checkSeeds.ts';
import { filledPrompt } from './filledPrompt.ts';
import type { Grid, GridAxis, GridValue, GrownGrid } from './Grid.ts';
import { gridModels } from './gridModels.ts';
import { gridTotal } from './gridTotal.ts';
import { inputFiles } from './inputFiles.ts';
import { inputValidator } from './inputValidator.ts';
import type { JobContext } from './JobContext.ts';
import { nearestName } from './nearestName.ts';

/** Another model gets the nearest shape that it has. */
const shapeInputs = ['aspect_ratio', 'width', 'height'];

/**
 * Looks at everything in a grid that can be wrong, value by value rather than cell by cell: too many pictures, inputs that no
 * model has or that one of them refuses, what a model requires, seeds, prompts that grow too long, and files.
 * Rejects with `UsageError`; what only some of several models have is no mistake.
 */
export async function checkGrid(grid: GrownGrid, contexts: readonly JobContext[]): Promise<void> {
  const models = gridModels(grid, contexts);
  const total = gridTotal(grid, models[0]?.limit);
  for (const { name, place } of grid.axes) {
    if (models.every(({ input }) => !Object.hasOwn(input, name))) continue;
    throw new UsageError(`${place}: Expected each input once, got \`${name}\` by --input as well`);
  }
  for (const context of models) {
    const own = ownInput(grid.input, models, context);
    checkJobContext({ ...context, input: { ...own, ...context.input } });
    for (const axis of grid.axes) await checkAxis(axis, models, context);
    await filesOf('input', own, context);
    checkRequired(grid, context);
    checkPrompt(grid, context);
    checkSeeds(total, { ...context, count: 1 });
  }
}

/** What this model is to be given of an input: not what others have and it lacks, nor a shape that it makes in its own way. */
function ownInput(input: ModelInput, models: readonly JobContext[], context: JobContext): ModelInput {
  const isLeftOut = (name: string, value: Json) => {
    if (takes(context, name, value)) return false;
    const hasIt = context.schema?.properties[name] !== undefined;
    return (!hasIt || shapeInputs.includes(name)) && models.some((other) => takes(other, name, value));
  };
  return Object.fromEntries(Object.entries(input).filter(([name, value]) => !isLeftOut(name, value)));
}

function takes({ schema }: JobContext, name: string, value: Json): boolean {
  const property = schema?.properties[name];
  return property !== undefined && inputValidator(property)(value);
}

async function checkAxis(axis: GridAxis, models: readonly JobContext[], context: JobContext): Promise<void> {
  const { schema, model } = context;
  for (const { input } of axis.values) {
    const own = ownInput(input, models, context);
    for (const [name, value] of Object.entries(own)) {
      const property = schema?.properties[name];
      if (schema !== null && property === undefined)
        throw unknownAxis(axis, name, model, Object.keys(schema.properties));
      if (property !== undefined) located(axis.place, () => checkInput(name, value, property));
    }
    await filesOf(axis.place, own, context);
  }
}

function located(place: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${place}: ${error.message}`, { suggestion: error.suggestion, cause: error });
  }
}

async function filesOf(place: string, input: ModelInput, context: JobContext): Promise<void> {
  await inputFiles(input, context).catch((error: unknown) =>
    located(place, () => {
      throw error;
    }),
  );
}

function unknownAxis(
  { place }: GridAxis,
  name: string,
  model: string,
  inputs: readonly string[],
): UsageError {
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
  throw new UsageError(`Expected a value for \`${missing}\`, which ${model} requires, got none`, {
    suggestion: `Give it under input: in the spec, as an axis, or as --input ${missing}=VALUE.`,
  });
}

/** The longest prompt stands for all. */
function checkPrompt({ prompt, axes }: Grid, { schema }: JobContext): void {
  const property = schema?.properties.prompt;
  if (property === undefined) return;
  const lengthOf = ({ words }: GridValue) => Object.values(words).join('').length;
  const longest = axes.map(
    ({ values }) => values.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0]?.words ?? {},
  );
  checkInput('prompt', filledPrompt(prompt, Object.assign({}, ...longest)), property);
}
