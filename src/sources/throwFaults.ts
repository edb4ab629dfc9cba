import { UsageError } from '../errors.ts';

/** Throws the only fault as it is, and several as one `UsageError` with a line each; a fault that is told twice counts once. */
export function throwFaults(faults: readonly UsageError[]): void {
  const lines = new Set(faults.map(({ message, suggestion }) => `  ${message}. ${suggestion}`.trimEnd()));
  const [first] = faults;
  if (first === undefined) return;
  if (lines.size === 1) throw first;
  throw new UsageError(
    `Expected what the model takes, got ${lines.size} mistakes:\n${[...lines].join('\n')}`,
    {
      cause: first,
    },
  );
}
