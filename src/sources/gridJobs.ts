import type { Job, ModelInput } from '../types.ts';
import { createSeeder } from './createSeeder.ts';
import { distinctRenditions } from './distinctRenditions.ts';
import { filesOfJob } from './filesOfJob.ts';
import { filledPrompt } from './filledPrompt.ts';
import { fitInput } from './fitInput.ts';
import type { GridValue, GrownGrid } from './Grid.ts';
import { type GridCell, gridCells } from './gridCells.ts';
import { gridModels } from './gridModels.ts';
import type { JobContext } from './JobContext.ts';

/**
 * The jobs of a grid in the order of its growth, one at a time as they are asked for. `contexts` has one of each model that
 * the grid names, or the only one. Where there are several models, each gets what it takes, as `fitInput` says.
 *
 * Throws `UsageError` where a file is not there; `checkGrid` finds that, and all else that is wrong, before.
 */
export async function* gridJobs(
  grid: GrownGrid,
  contexts: readonly JobContext[],
): AsyncGenerator<Job, void, void> {
  const models = gridModels(grid, contexts);
  const [first] = models;
  if (first === undefined) return;
  const seeders = new Map(models.map((context) => [context, createSeeder(context)]));
  const renditions = distinctRenditions([...grid.renditions, ...first.renditions]);
  const { limit = Infinity } = first;
  let index = 0;
  for (const cell of gridCells(grid.boxes)) {
    if (index >= limit) return;
    const values = valuesAt(grid, cell);
    const [context = first] = gridModels({ axes: [{ name: '', place: '', values }] }, contexts);
    const { model, version, schema } = context;
    const prompt = filledPrompt(grid.prompt, Object.assign({}, ...values.map(({ words }) => words)));
    const whole = inputOf(grid, values, context);
    const own = models.length > 1 ? fitInput(whole, schema) : whole;
    const files = await filesOfJob(own, context);
    const input = { ...context.input, ...own, prompt };
    const copy = cell.at(-1) ?? 0;
    yield {
      index,
      prompt,
      model,
      version,
      input: seeders.get(context)?.(input, { index, copy }, files) ?? input,
      tags: Object.assign({}, ...values.map(({ tags }) => tags)),
      renditions,
      ...(Object.keys(files).length === 0 ? {} : { files }),
    };
    index += 1;
  }
}

function valuesAt({ axes }: GrownGrid, cell: GridCell): GridValue[] {
  return axes.flatMap(({ values }, axis) => values[cell[axis] ?? 0] ?? []);
}

/** What the command line gives is not given by the grid. */
function inputOf(
  { input }: GrownGrid,
  values: readonly GridValue[],
  { input: given }: JobContext,
): ModelInput {
  const own = Object.entries(input).filter(([name]) => !Object.hasOwn(given, name));
  return values.reduce((sum, value) => joined(sum, value.input), Object.fromEntries(own));
}

/** The pictures of a composition come from several axes. */
function joined(before: ModelInput, added: ModelInput): ModelInput {
  const entries = Object.entries(added).map(([name, value]) => {
    const old = before[name];
    return [name, Array.isArray(old) && Array.isArray(value) ? [...old, ...value] : value] as const;
  });
  return { ...before, ...Object.fromEntries(entries) };
}
