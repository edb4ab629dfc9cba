/** Up to which median time of a prediction so many at a time are sensible. */
const steps = [
  { belowSeconds: 5, concurrency: 20 },
  { belowSeconds: 15, concurrency: 10 },
] as const;
const slowest = 5;

/**
 * How many predictions at a time suit a model that takes so long: under 5 s 20, under 15 s 10, else 5. A rule of thumb of production
 * guides, which keeps creates below three or so a second whatever the model; measure with more where it matters.
 */
export function recommendConcurrency(medianSeconds: number): number {
  return steps.find(({ belowSeconds }) => medianSeconds < belowSeconds)?.concurrency ?? slowest;
}
