import type { SimulatedPrediction } from './SimulatedPrediction.ts';

const PAGE = 100;

/**
 * One page of the list, newest first: `created_after` inclusive, `created_before` exclusive, or the opaque `cursor` of an
 * earlier page, which carries both of them on.
 */
export function listPage(
  all: readonly SimulatedPrediction[],
  query: Readonly<Record<string, string>>,
): { found: readonly SimulatedPrediction[]; cursor: string | null } {
  const { after, before, below } = query.cursor === undefined ? fromDates(query) : fromCursor(query.cursor);
  const found: SimulatedPrediction[] = [];
  for (let place = Math.min(below, all.length) - 1; place >= 0; place -= 1) {
    const prediction = all[place];
    if (prediction === undefined || prediction.createdAtMs < after) break;
    if (prediction.createdAtMs < before) found.push(prediction);
    if (found.length > PAGE) break;
  }
  const page = found.slice(0, PAGE);
  const last = page.at(-1);
  const hasMore = found.length > PAGE && last !== undefined;
  return { found: page, cursor: hasMore ? toCursor({ after, before, below: last.serial }) : null };
}

interface Position {
  after: number;
  before: number;
  /** Only predictions with a serial number below. */
  below: number;
}

function fromDates({ created_after, created_before }: Readonly<Record<string, string>>): Position {
  return {
    after: created_after === undefined ? Number.NEGATIVE_INFINITY : Date.parse(created_after),
    before: created_before === undefined ? Number.POSITIVE_INFINITY : Date.parse(created_before),
    below: Number.POSITIVE_INFINITY,
  };
}

function toCursor({ after, before, below }: Position): string {
  return Buffer.from(`a=${after}&b=${before}&p=${below}`).toString('base64');
}

function fromCursor(cursor: string): Position {
  const position = new URLSearchParams(Buffer.from(cursor, 'base64').toString());
  const number = (name: string) => Number(position.get(name) ?? Number.NaN);
  return { after: number('a'), before: number('b'), below: number('p') };
}
