import { requirePackage } from '../../disk/requirePackage.ts';

/** True in a clone, where scripts run from their sources; false in the built package. */
export const isClone = import.meta.url.endsWith('.ts');

/**
 * Returns a command as you type it: `npx tsx pipelines/generate.ts prompts.csv` in a clone,
 * `npx rxposure generate prompts.csv` where the package is installed.
 */
export function commandLine(name: string, words = ''): string {
  const start = isClone ? `npx tsx pipelines/${name}.ts` : `npx rxposure ${name}`;
  return words === '' ? start : `${start} ${words}`;
}

/** Returns the version of the package. */
export function packageVersion(): string {
  return requirePackage<{ version: string }>('rxposure/package.json').version;
}
