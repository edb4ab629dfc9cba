/** The name of a job's sample: nine digits, so that names sort as numbers do. */
export function sampleKey(index: number): string {
  return String(index).padStart(9, '0');
}
