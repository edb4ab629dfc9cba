import { SECRET } from '../../../base/secretInputs.ts';
import { distinctRenditions } from '../../../renditions/lists.ts';
import { adaptInput } from '../../../sources/modelInputs/adaptInput.ts';
import { filesOfJob, type JobContext } from '../../../sources/planning/jobContext.ts';
import { jobInput } from '../../../sources/planning/jobInput.ts';
import { createSeeder } from '../../../sources/planning/seeds.ts';
import { filledPrompt } from '../../../sources/specs/promptTemplate.ts';
import type { Job, ModelInput, Tags } from '../../../types.ts';
import { type GridAxis, type GridCell, type GridValue, gridCells, type ResumedGrid } from './cells.ts';
import { gridModels } from './check.ts';

/**
 * Makes the jobs of a grid in the order of its growth, lazily. `contexts` has one context for each
 * model that the grid names, or a single one. If there are several models, each gets inputs that
 * `adaptInput` has adapted to it.
 *
 * Throws `UsageError` if a file is missing; `checkGrid` finds that, and all other mistakes,
 * beforehand.
 */
export async function* gridJobs(
  grid: ResumedGrid,
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
    const own = models.length > 1 ? adaptInput(whole, schema) : whole;
    const files = await filesOfJob(own, context);
    const { input, ...secrets } = jobInput({ ...context.input, ...own, prompt }, schema);
    const copy = cell.at(-1) ?? 0;
    yield {
      index,
      prompt,
      model,
      version,
      input: seeders.get(context)?.(input, { index, copy }, files) ?? input,
      tags: hiddenTags(Object.assign({}, ...values.map(({ tags }) => tags)), input),
      renditions,
      ...(Object.keys(files).length === 0 ? {} : { files }),
      ...secrets,
    };
    index += 1;
  }
}

/** Hides the tag of an axis that varies a secret input. */
function hiddenTags(tags: Tags, input: ModelInput): Tags {
  return Object.fromEntries(
    Object.entries(tags).map(([name, text]) => [name, input[name] === SECRET ? SECRET : text] as const),
  );
}

function valuesAt({ axes }: ResumedGrid, cell: GridCell): GridValue[] {
  return axes.flatMap(({ values }, axis) => values[cell[axis] ?? 0] ?? []);
}

/** Merges the inputs of a cell, without those that the command line gives. */
function inputOf(
  { input }: ResumedGrid,
  values: readonly GridValue[],
  { input: given }: JobContext,
): ModelInput {
  const own = Object.entries(input).filter(([name]) => !Object.hasOwn(given, name));
  return values.reduce((sum, value) => joined(sum, value.input), Object.fromEntries(own));
}

/** Adds inputs. Concatenates lists, as the pictures of a composition come from several axes. */
function joined(before: ModelInput, added: ModelInput): ModelInput {
  const entries = Object.entries(added).map(([name, value]) => {
    const old = before[name];
    return [name, Array.isArray(old) && Array.isArray(value) ? [...old, ...value] : value] as const;
  });
  return { ...before, ...Object.fromEntries(entries) };
}

/**
 * Returns the default path template of a grid: of two axes the first makes folders, of three and
 * more the first two; the others name the files. Numbers are prefixed with their axis:
 * `guidance-2.5`.
 *
 *     product, light            {product}/{index:04}-{light}
 *     product, light, guidance  {product}/{light}/{index:04}-guidance-{guidance}
 */
export function gridOrganize(axes: readonly GridAxis[]): string {
  const names = axes.map(placeholderOf);
  const folders = names.slice(0, Math.min(2, names.length - 1));
  const file = ['{index:04}', ...names.slice(folders.length)].join('-');
  return [...folders, names.length === 0 ? '{index:04}-{slug}' : file].join('/');
}

function placeholderOf({ values }: GridAxis): string {
  const [first] = values;
  // The first tag of zipped values is enough.
  const [name = '', text = ''] = Object.entries(first?.tags ?? {})[0] ?? [];
  if (name === 'prompt') return '{slug}';
  const isText = !/^(-?\d[\d.e+-]*|true|false|null)$/.test(text);
  return isText ? `{${name}}` : `${name}-{${name}}`;
}
