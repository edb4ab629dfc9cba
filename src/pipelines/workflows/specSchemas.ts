import type { z } from 'zod';
import { campaignSpecSchema } from './campaign/spec.ts';
import { compareSpecSchema } from './compare.ts';
import { compositionSpecSchema } from './compose.ts';
import { gridSpecSchema } from './grid/spec.ts';
import { refinementSpecSchema } from './refinement/spec.ts';
import { stylesSpecSchema } from './styles.ts';
import { variationsSpecSchema } from './variations.ts';

/** The schema of each workflow's spec, by the name of the workflow. */
export const specSchemas = {
  campaign: campaignSpecSchema,
  grid: gridSpecSchema,
  variations: variationsSpecSchema,
  compose: compositionSpecSchema,
  compare: compareSpecSchema,
  styles: stylesSpecSchema,
  refine: refinementSpecSchema,
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** A workflow that is described by a spec. */
export type Workflow = keyof typeof specSchemas;

const workflows = Object.keys(specSchemas) as readonly Workflow[];

/** Returns true for keys that all specs have, which do not identify the workflow. */
function isShared(key: string): boolean {
  return workflows.every((name) => Object.hasOwn(specSchemas[name].in.shape, key));
}

/** Returns the number of the keys that a workflow has, apart from those that all specs have. */
export function countOwn(workflow: Workflow, keys: readonly string[]): number {
  const { shape } = specSchemas[workflow].in;
  return keys.filter((key) => Object.hasOwn(shape, key) && !isShared(key)).length;
}

/**
 * Returns the workflow that the keys of a spec belong to, mistyped ones aside; null if no workflow
 * has all of its required keys there and more of the others than any other.
 */
export function workflowOf(keys: readonly string[]): Workflow | null {
  const fitting = workflows.flatMap((workflow) => {
    const { shape } = specSchemas[workflow].in;
    const needed = Object.entries(shape).filter(([, field]) => !field.safeParse(undefined).success);
    const own = countOwn(workflow, keys);
    const isWhole = needed.every(([key]) => keys.includes(key));
    return isWhole && own > 0 ? [{ workflow, own }] : [];
  });
  const [best, second] = fitting.toSorted((one, other) => other.own - one.own);
  return best === undefined || best.own === second?.own ? null : best.workflow;
}
