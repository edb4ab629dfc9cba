import type { RenditionSpec } from '../types.ts';

/** The first of each name: renditions of one picture are told apart by name. */
export function distinctRenditions(specs: readonly RenditionSpec[]): RenditionSpec[] {
  return specs.filter((spec, place) => specs.findIndex(({ name }) => name === spec.name) === place);
}
