import type { Outcome } from '../types.ts';
import { writeChunks } from './writeChunks.ts';

/**
 * Writes `{ "run": …, "outcomes": [ … ] }` with an outcome a line, in flat memory however many there are. The file is
 * there as a whole or, where this rejects with `StorageError`, as it was before.
 */
export function writeManifestJson(
  path: string,
  run: unknown,
  outcomes: AsyncIterable<Outcome>,
): Promise<void> {
  return writeChunks(path, documentOf(run, outcomes));
}

async function* documentOf(run: unknown, outcomes: AsyncIterable<Outcome>): AsyncGenerator<string> {
  yield `{ "run": ${JSON.stringify(run)},\n"outcomes": [`;
  let separator = '\n';
  for await (const outcome of outcomes) {
    yield separator + JSON.stringify(outcome);
    separator = ',\n';
  }
  yield '\n] }\n';
}
