import type { ChildProcess } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { firstValueFrom, fromEvent, map, merge, timer } from 'rxjs';
import { lookLines, pagesIn } from './lookLines.ts';
import type { TextStream } from './terminal.ts';
import { plainText } from './text.ts';

/** Starts the program that the system has for an address. */
type StartProgram = (url: string) => Promise<ChildProcess>;

const startProgram: StartProgram = async (url) => {
  const { default: open } = await import('open');
  return open(url);
};

/** A program that runs for this long has found the browser; without one it ends within 0.1 s. */
const STARTED_AFTER_MS = 1_000;

/**
 * Opens a file in the program that the system has for it. Resolves with false if there is none, as
 * on a machine without a screen.
 */
export async function openPage(path: string, start: StartProgram = startProgram): Promise<boolean> {
  const program = await start(pathToFileURL(path).href).catch(() => null);
  if (program === null) return false;
  if (program.exitCode !== null) return program.exitCode === 0;
  program.ref();
  const ended = merge(
    fromEvent(program, 'error').pipe(map(() => false)),
    fromEvent(program, 'exit').pipe(map(() => program.exitCode === 0)),
    timer(STARTED_AFTER_MS).pipe(map(() => true)),
  );
  const isOpen = await firstValueFrom(ended);
  program.on('error', () => {});
  program.unref();
  return isOpen;
}

/** Returns the line for a page that no browser shows. */
export function notOpenedText(path: string): string {
  return `No browser could be started. Open this page yourself: ${plainText(path)}`;
}

/** The flags for the end of a run. */
interface ShowPagesConfig {
  /** False if the run has written no gallery. */
  readonly gallery: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Opens the first page. */
  readonly open: boolean;
}

/** Prints the addresses of the pages in a run folder, and opens the first one if that is wanted. */
export async function showPages(
  folder: string,
  { gallery, json, quiet, open }: ShowPagesConfig,
  stream: TextStream,
  start: (page: string) => Promise<boolean> = openPage,
): Promise<void> {
  if (!json && !quiet) for (const line of lookLines(folder, { gallery })) stream.write(`${line}\n`);
  const [page] = open ? pagesIn(folder, { gallery }) : [];
  if (page !== undefined && !(await start(page))) stream.write(`${notOpenedText(page)}\n`);
}
