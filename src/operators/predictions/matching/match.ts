/**
 * An answer to the question if a prediction was made by a request.
 *
 * `equal`: it shows the request, value by value. `same`: it shows all that was sent, in the
 * service's own spelling, and perhaps defaults besides. `near`: model and prompt are those of the
 * request, and the rest may be, in a spelling that says less. `faint`: it may be the request, if
 * the service has hidden or changed some text of it. `other`: it is another request.
 */
export type Match = 'equal' | 'same' | 'near' | 'faint' | 'other';

/** The matches, the worst first: compare `matchRanks`. */
export const matchRanks = { other: 0, faint: 1, near: 2, same: 3, equal: 4 } as const satisfies Record<
  Match,
  number
>;

export function worse(one: Match, other: Match): Match {
  return matchRanks[one] < matchRanks[other] ? one : other;
}

/** Returns true if a match is this good, or better. */
export function isAtLeast(match: Match, least: Match): boolean {
  return matchRanks[match] >= matchRanks[least];
}
