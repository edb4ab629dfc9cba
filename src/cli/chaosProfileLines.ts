import { chaosProfiles } from '../simulator/chaos/chaosProfiles.ts';

/** What can be rehearsed with `--chaos`, a profile a line, for helps. */
export function chaosProfileLines(): string[] {
  const lines = Object.entries(chaosProfiles).map(([name, { summary }]) => `  ${name.padEnd(19)}${summary}`);
  return ['Chaos profiles:', ...lines];
}
