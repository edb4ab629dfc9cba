import papaparse from 'papaparse';
import type { Outcome } from '../types.ts';
import { outcomeRow } from './outcomeRow.ts';
import { writeChunks } from './writeChunks.ts';

/**
 * Writes outcomes as CSV (RFC 4180, UTF-8, a header). Texts that a spreadsheet would take for a formula get a `'` in front
 * (https://owasp.org/www-community/attacks/CSV_Injection). Rejects with `StorageError`.
 */
export function writeCsvManifest(path: string, outcomes: AsyncIterable<Outcome>): Promise<void> {
  return writeChunks(path, lines(outcomes));
}

async function* lines(outcomes: AsyncIterable<Outcome>): AsyncGenerator<string> {
  let isFirst = true;
  for await (const outcome of outcomes) {
    const config = { header: isFirst, escapeFormulae: true, newline: '\r\n' };
    yield `${papaparse.unparse([outcomeRow(outcome)], config)}\r\n`;
    isFirst = false;
  }
}
