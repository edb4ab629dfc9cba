import { join } from 'node:path';
import { z } from 'zod';
import { canonicalJson } from '../../../base/modelInput.ts';
import { readOwnJson } from '../../../disk/writeFiles.ts';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import type { ModelInput } from '../../../types.ts';
import { distinctTags } from './axes.ts';
import type { Grid, GridAxis, GridSize, GridValue, ResumedGrid } from './cells.ts';
import { checkGrid } from './check.ts';

/**
 * Checks a grid, and continues the one that its folder has. Writes nothing. Rejects with
 * `UsageError` if the grid is invalid.
 */
export async function openGrid(
  wanted: Grid,
  contexts: readonly JobContext[],
  folder: string,
): Promise<ResumedGrid> {
  const grown = extendGrid(
    wanted,
    contexts[0]?.count ?? 1,
    await readOwnJson(join(folder, gridFileName), history),
  );
  await checkGrid(grown, contexts);
  return grown;
}

/** The grids that a folder has had, as its `grid.json` stores them. */
interface GridHistory {
  readonly axes: readonly GridAxis[];
  readonly boxes: readonly GridSize[];
}

/**
 * Continues the grid of a folder. If it has only grown, known axes and values keep their order and
 * new values come last, so that every cell keeps its number. After any other change the cells are
 * numbered as the grid has them now; their results are found by their requests. `count` is the
 * number of images per cell.
 */
export function extendGrid(grid: Grid, count: number, history: GridHistory | null): ResumedGrid {
  const old = history !== null && hasOnlyGrown(grid, count, history) ? history : null;
  const known = old?.axes ?? grid.axes.map((axis) => ({ ...axis, values: [] }));
  const axes = known.map((axis) => {
    const now = grid.axes.find(({ name }) => name === axis.name) ?? axis;
    const { nowOf, added } = matchValues(axis.values, now.values);
    const named = axis.values.map((value) => withNewName(value, nowOf.get(value)));
    return { ...now, values: distinctTags(distinctTags([], named), added) };
  });
  const box = [...axes.map(({ values }) => values.length), count];
  const boxes = old?.boxes ?? [];
  const isSame = boxes.at(-1)?.every((size, axis) => size === box[axis]) ?? false;
  return { ...grid, axes, boxes: isSame ? boxes : [...boxes, box] };
}

/** Returns true if a grid still has all axes, values and images per cell of its folder's. */
function hasOnlyGrown({ axes }: Grid, count: number, history: GridHistory): boolean {
  const before = history.boxes.at(-1)?.at(-1) ?? 0;
  if (count < before || axes.length !== history.axes.length) return false;
  return history.axes.every(({ name, values }) => {
    const now = axes.find((axis) => axis.name === name);
    return now !== undefined && matchValues(values, now.values).nowOf.size === values.length;
  });
}

/**
 * Gives a value the name that it has now. Keeps the old one if it only counts values of the same
 * name, as the new one would do.
 */
function withNewName(value: GridValue, now: GridValue | undefined): GridValue {
  if (now === undefined) return value;
  const tags = Object.entries(now.tags).map(([name, tag]) => {
    const old = value.tags[name];
    return [name, old !== undefined && isCounted(old, tag) ? old : tag] as const;
  });
  return { ...value, tags: Object.fromEntries(tags) };
}

/** Returns true for a name with the number that `distinctTags` may have given it. */
function isCounted(name: string, tag: string): boolean {
  return name.startsWith(`${tag}-`) && /^[1-9]\d*$/.test(name.slice(tag.length + 1));
}

/** The values of an axis, matched with those that the folder has. */
interface MatchedValues {
  /** The value that each of the folder is now; it lacks those that are gone. */
  readonly nowOf: ReadonlyMap<GridValue, GridValue>;
  /** Those that the folder has not. */
  readonly added: readonly GridValue[];
}

/**
 * Matches values by their effect, each once: a model may be there twice, under two names. Of those
 * with one effect, equal names belong together, then equal order.
 */
function matchValues(old: readonly GridValue[], now: readonly GridValue[]): MatchedValues {
  const nowOf = new Map<GridValue, GridValue>();
  const waiting = Map.groupBy(now, contentOf);
  const hasSameName = (one: GridValue, other: GridValue) =>
    canonicalJson(one.tags) === canonicalJson(other.tags);
  for (const isRight of [hasSameName, () => true]) {
    for (const value of old) {
      const alike = nowOf.has(value) ? [] : (waiting.get(contentOf(value)) ?? []);
      const at = alike.findIndex((each) => isRight(value, each));
      for (const found of at < 0 ? [] : alike.splice(at, 1)) nowOf.set(value, found);
    }
  }
  const left = new Set([...waiting.values()].flat());
  return { nowOf, added: now.filter((value) => left.has(value)) };
}

/** Returns the effect of a value on a request, without its name. */
function contentOf({ words, input, model }: GridValue): string {
  return canonicalJson({ words, input, model: model ?? null });
}

const texts = z.record(z.string(), z.string());
const value = z
  .object({
    tags: texts,
    words: texts,
    input: z.record(z.string(), z.json()).transform((input): ModelInput => input),
    model: z.string().optional(),
  })
  .transform((each): GridValue => each);
const history = z.object({
  axes: z.array(z.object({ name: z.string(), place: z.string(), values: z.array(value).min(1) })),
  boxes: z.array(z.array(z.int().min(1))).min(1),
});

/** The file in a run folder that stores the order in which a grid's values were added. */
export const gridFileName = 'grid.json';
