import { pathToFileURL } from 'node:url';
import { lookLines, pagesIn } from './lookLines.ts';
import type { TextStream } from './terminal.ts';

/** Opens a file in the program that the system has for it. Resolves once that has begun. */
export async function openPage(path: string): Promise<void> {
  const { default: open } = await import('open');
  const started = await open(pathToFileURL(path).href);
  // Machines without a screen have no such program; the address stands in the terminal.
  started.on('error', () => {});
  started.unref();
}

/** The flags for the end of a run. */
interface ShowPagesConfig {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Opens the first page. */
  readonly open: boolean;
}

/** Prints the addresses of the pages in a run folder, and opens the first one if that is wanted. */
export async function showPages(
  folder: string,
  { json, quiet, open }: ShowPagesConfig,
  stream: TextStream,
): Promise<void> {
  if (!json && !quiet) for (const line of lookLines(folder)) stream.write(`${line}\n`);
  const [page] = open ? pagesIn(folder) : [];
  if (page !== undefined) await openPage(page);
}
