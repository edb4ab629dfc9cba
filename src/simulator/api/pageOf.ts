/** The only page of a list that has no more than one. */
export function pageOf<T>(results: readonly T[]) {
  return { next: null, previous: null, results };
}
