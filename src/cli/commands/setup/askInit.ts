import type { Maker } from '../makers.ts';
import { templates } from './templates.ts';

/** The answers that `init` has; undefined for those that it may ask for. */
export interface InitAnswers {
  readonly workflow: Maker | undefined;
  readonly subject: string | undefined;
  readonly name: string | undefined;
}

/**
 * Asks on the terminal for missing answers. Resolves with null if the user leaves, or standard
 * input ends: then the question is never answered, and the process has nothing left to wait for.
 */
export async function askInit(known: InitAnswers): Promise<InitAnswers | null> {
  const ended = new AbortController();
  const onEnd = () => ended.abort();
  process.once('beforeExit', onEnd);
  try {
    return await ask(known, ended.signal);
  } finally {
    process.off('beforeExit', onEnd);
  }
}

async function ask(known: InitAnswers, signal: AbortSignal): Promise<InitAnswers | null> {
  const { isCancel, select, text } = await import('@clack/prompts');
  const makers = Object.entries(templates).map(([value, { line }]) => ({
    value: value as Maker,
    label: value,
    hint: line,
  }));
  const workflow =
    known.workflow ?? (await select({ message: 'What do you want to make?', options: makers, signal }));
  if (isCancel(workflow)) return null;
  const { question, subject: usual } = templates[workflow];
  const subject =
    known.subject ?? (await text({ message: question, placeholder: usual, defaultValue: usual, signal }));
  if (isCancel(subject)) return null;
  const name =
    known.name ??
    (await text({
      message: 'What is its name? It names the file and the folder of the images.',
      ...{ placeholder: defaultName(workflow), defaultValue: defaultName(workflow) },
      signal,
      validate: (typed) => (isName(typed || defaultName(workflow)) ? undefined : NAME),
    }));
  return isCancel(name) ? null : { workflow, subject, name };
}

export const NAME = 'Expected letters, digits, _ and -, at most 40';

/** Returns true for a name of a file and a folder. */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9][\w-]{0,39}$/.test(text);
}

/** Returns the name of a file that was given none. */
export function defaultName(workflow: Maker): string {
  return workflow === 'generate' ? 'prompts' : `my-${workflow}`;
}
