/** Where a file is written until it is whole. `removeTemporaries` finds what a killed run left there. */
export function temporaryPath(path: string): string {
  return `${path}.part`;
}
