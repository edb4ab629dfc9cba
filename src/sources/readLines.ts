import { maxRowChars } from './maxRowChars.ts';
import { readText } from './readText.ts';

/** The lines of one chunk of a file. */
export interface LineBatch {
  /** 1-based number of the first one. */
  readonly firstLine: number;
  /** Without line ends. A line above `maxRowChars` comes as null: it was skipped, not kept. */
  readonly lines: readonly (string | null)[];
}

/** All lines of a file, in batches: a step of an async iterator costs more than a line is worth. */
export async function* readLines(path: string): AsyncGenerator<LineBatch, void, void> {
  let firstLine = 1;
  let open: string | null = '';
  for await (const text of readText(path)) {
    const pieces: (string | null)[] = text.split('\n');
    pieces[0] = joined(open, pieces[0] ?? null);
    open = pieces.pop() ?? null;
    if (open !== null && open.length > maxRowChars) open = null;
    if (pieces.length === 0) continue;
    yield { firstLine, lines: pieces };
    firstLine += pieces.length;
  }
  if (open !== '') yield { firstLine, lines: [open] };
}

/** Null stays null: the rest of a line that is too long is passed over. */
function joined(open: string | null, more: string | null): string | null {
  if (open === null || more === null) return null;
  const line = open + more;
  return line.length > maxRowChars ? null : line;
}
