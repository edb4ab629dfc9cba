import { isSource } from '../../disk/ownProgram.ts';

/** The commands that resume a run. */
export interface NextCommands {
  /** The command that makes the rest of the run, in words. */
  readonly again: string;
  /** The flags that another command needs to resume it, as a shell takes them. */
  readonly carried: readonly string[];
  /** Why it leaves jobs at its end: `--detach`, `--only`, or a stop. */
  readonly leaves: 'detached' | 'not chosen' | 'stopped';
  /** False for a command that sends the service no request, and so has no pace. */
  readonly sendsRequests: boolean;
  /** The headline of a run that has no job. */
  readonly nothing: string;
}

/** The commands for a run that has named none. */
export const usualCommands: NextCommands = {
  again: 'the same command again',
  carried: [],
  leaves: 'stopped',
  sendsRequests: true,
  nothing: 'Nothing to make: no job is left, or --only selects none',
};

/** The commands that are a script of their own in a clone, with its name in `pipelines/`. */
const scripts: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...['generate', 'campaign', 'grid', 'variations', 'compose', 'compare', 'styles', 'refine'],
      ...['collect', 'votes', 'calibrate', 'simulator'],
    ].map((name) => [name, name]),
  ),
  retry: 'retry-failed',
};

/**
 * Returns a command as you type it: `npx tsx pipelines/generate.ts prompts.csv` in a clone,
 * `npx rxposure generate prompts.csv` where the package is installed.
 */
export function commandLine(name: string, words = ''): string {
  const script = scripts[name];
  const inClone = script === undefined ? `pipelines/rxposure.ts ${name}` : `pipelines/${script}.ts`;
  const start = isSource ? `npx tsx ${inClone}` : `npx rxposure ${name}`;
  return words === '' ? start.trimEnd() : `${start.trimEnd()} ${words}`;
}

/** Returns a word as a shell takes it: in quotes if it needs them. */
export function shellWord(word: string): string {
  return /^[\w./:@=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
