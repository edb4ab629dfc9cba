import type { CreateOptions } from '../ports.ts';

/** The shortest life of a prediction that the service takes. */
const SHORTEST_LIFE_S = 5;

/** The header by which the service ends a prediction by itself, should everybody forget it. The client has no option for it. */
export function cancelAfterHeader({ cancelAfterMs }: CreateOptions): Record<string, string> {
  if (cancelAfterMs === undefined) return {};
  return { 'Cancel-After': `${Math.max(SHORTEST_LIFE_S, Math.ceil(cancelAfterMs / 1_000))}s` };
}
