import type { SimulatedPrediction } from '../SimulatedPrediction.ts';

const PAGE_SIZE = 100;

interface Position {
  readonly afterMs: number;
  readonly beforeMs: number;
  /** Only predictions with a serial number below. */
  readonly below: number;
}

/**
 * One page of the list, newest first: `created_after` inclusive, `created_before` exclusive, or the opaque `cursor` of an
 * earlier page, which carries both of them on. `cursor` is null on the last page. Null where the query cannot be read.
 */
export function listPage(
  all: readonly SimulatedPrediction[],
  query: Readonly<Record<string, string>>,
): { readonly found: readonly SimulatedPrediction[]; readonly cursor: string | null } | null {
  const position = query.cursor === undefined ? fromDates(query) : fromCursor(query.cursor);
  const { afterMs, beforeMs, below } = position;
  if ([afterMs, beforeMs, below].some(Number.isNaN)) return null;
  const found: SimulatedPrediction[] = [];
  for (let place = Math.min(below, all.length) - 1; place >= 0; place -= 1) {
    const prediction = all[place];
    if (prediction === undefined || prediction.createdAtMs < afterMs) break;
    if (prediction.createdAtMs >= beforeMs) continue;
    const last = found.at(-1);
    if (found.length === PAGE_SIZE && last !== undefined) {
      return { found, cursor: toCursor({ ...position, below: last.serial }) };
    }
    found.push(prediction);
  }
  return { found, cursor: null };
}

function fromDates({ created_after, created_before }: Readonly<Record<string, string>>): Position {
  return {
    afterMs: created_after === undefined ? Number.NEGATIVE_INFINITY : Date.parse(created_after),
    beforeMs: created_before === undefined ? Number.POSITIVE_INFINITY : Date.parse(created_before),
    below: Number.POSITIVE_INFINITY,
  };
}

function toCursor({ afterMs, beforeMs, below }: Position): string {
  return Buffer.from(`a=${afterMs}&b=${beforeMs}&p=${below}`).toString('base64');
}

function fromCursor(cursor: string): Position {
  const position = new URLSearchParams(Buffer.from(cursor, 'base64').toString());
  const number = (name: string) => Number(position.get(name) ?? Number.NaN);
  return { afterMs: number('a'), beforeMs: number('b'), below: number('p') };
}
