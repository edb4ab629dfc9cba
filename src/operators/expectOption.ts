/** Throws a RangeError that names the option, what was expected and what came, unless `isRight`. */
export function expectOption(isRight: boolean, name: string, expected: string, got: unknown): void {
  if (!isRight) throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${String(got)}`);
}
