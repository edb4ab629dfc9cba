import { UsageError } from '../errors.ts';
import type { SpecProblem } from './describeSpecIssue.ts';
import type { GridFields } from './GridFields.ts';
import { gridAxes } from './gridAxes.ts';
import { nearestName } from './nearestName.ts';
import { promptTemplate } from './promptTemplate.ts';

const modelName = /^[\w.-]+\/[\w.-]+(:[0-9a-f]{64})?$/;

/** All that is wrong with what varies in a spec, each with its place in the file; what the model takes is checked later. */
export function gridFaults(fields: GridFields): SpecProblem[] {
  const { prompt, axes, zip } = fields;
  const whole = [
    ...faultsOf(['prompt'], () => promptTemplate(prompt ?? '{prompt}')),
    ...listsOf(fields).flatMap(({ path, name, values }) =>
      // Alone beside its prompt, so that a fault is told where it is.
      faultsOf(path, () => gridAxes({ prompt, axes: { [name]: values } })),
    ),
  ];
  if (whole.length > 0) return whole;
  return [
    ...faultsOf(['zip'], () => gridAxes({ prompt, axes, zip })),
    ...misplaced(fields),
    ...models(fields),
  ];
}

function listsOf({ axes, zip }: GridFields) {
  return Object.entries({ axes: axes ?? {}, zip: zip ?? {} }).flatMap(([key, lists]) =>
    Object.entries(lists).map(([name, values]) => ({ path: [key, name], name, values })),
  );
}

function faultsOf(path: readonly PropertyKey[], read: () => unknown): SpecProblem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [{ path, message: error.message }];
  }
}

/** Names that have no list, and those that have two. */
function misplaced(fields: GridFields): SpecProblem[] {
  const lists = listsOf(fields);
  const { placeholders, variants } = promptTemplate(fields.prompt ?? '{prompt}');
  const inPrompt = variants.map(({ name }) => name);
  const known = [...lists.map(({ name }) => name), ...inPrompt];
  const missing = placeholders.filter((name) => !known.includes(name));
  const twice = lists.filter(({ name, path }) => {
    const isElsewhere = Object.hasOwn(fields.input ?? {}, name) || (name === 'model' && fields.model != null);
    const isZipped = path[0] === 'axes' && Object.hasOwn(fields.zip ?? {}, name);
    return isElsewhere || isZipped || inPrompt.includes(name);
  });
  return [
    ...missing.map((name) => ({ path: ['prompt'], message: withoutList(name, fields.prompt, known) })),
    ...twice.map(({ name, path }) => ({
      path,
      message: `Expected ${name} in one place of the spec, got it in two`,
    })),
  ];
}

function withoutList(name: string, prompt: GridFields['prompt'], known: readonly string[]): string {
  if (prompt == null) return 'Expected a prompt, or a list of them under axes: prompt:';
  const meant = nearestName(name, known);
  const hint = meant === null ? '' : `; did you mean {${meant}}?`;
  return `Expected a list under axes: for each placeholder, got none for {${name}}${hint}`;
}

function models(fields: GridFields): SpecProblem[] {
  return listsOf(fields)
    .filter(({ name }) => name === 'model')
    .flatMap(({ path, values }) =>
      values.flatMap(({ value }, place) =>
        typeof value === 'string' && modelName.test(value)
          ? []
          : [
              {
                path: [...path, place],
                message: `Expected owner/name or owner/name:version, got ${JSON.stringify(value)}`,
              },
            ],
      ),
    );
}
