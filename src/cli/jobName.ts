/** A job as people call it, counted from 1 like the names of its files. */
export function jobName(index: number): string {
  return `#${index + 1}`;
}
