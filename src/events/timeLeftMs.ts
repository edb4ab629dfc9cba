/** How long so many jobs take at a pace; null where there are none, or no pace is known. */
export function timeLeftMs(jobs: number, ratePerMinute: number | null): number | null {
  if (jobs <= 0 || ratePerMinute === null || ratePerMinute <= 0) return null;
  return (jobs / ratePerMinute) * 60_000;
}
