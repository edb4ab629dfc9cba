import { expect, it } from 'vitest';
import { listPage } from '../../../src/simulator/api/predictionRoutes.ts';
import { readSettings } from '../../../src/simulator/engine/config.ts';
import { newPrediction } from '../../../src/simulator/engine/predictions.ts';
import { models } from '../../../src/simulator/models/models.ts';

const settings = readSettings({});
const START_MS = Date.parse('2026-01-01T00:00:00Z');

/** Makes predictions that were created 10 ms apart. */
function predictions(count: number) {
  const request = {
    model: models[0]!,
    id: null,
    deployment: null,
    input: {},
    cancelAfterMs: null,
    webhook: null,
  };
  return Array.from({ length: count }, (_, serial) => ({
    ...newPrediction(request, serial, settings),
    createdAtMs: START_MS + serial * 10,
  }));
}

const serials = (page: ReturnType<typeof listPage>) => page?.found.map(({ serial }) => serial);
const at = (serial: number) => new Date(START_MS + serial * 10).toISOString();

it('has a second page only from the 101st prediction on', () => {
  expect(listPage(predictions(100), {})?.cursor).toBeNull();
  expect(listPage(predictions(101), {})?.cursor).not.toBeNull();
  expect(listPage([], {})).toEqual({ found: [], cursor: null });
});

it('includes the first moment and excludes the last one', () => {
  const query = { created_after: at(3), created_before: at(6) };
  expect(serials(listPage(predictions(10), query))).toEqual([5, 4, 3]);
});

it('carries the moments from page to page while predictions are created', () => {
  const query = { created_after: at(20), created_before: at(300) };
  const seen: number[] = [];
  let cursor: string | null | undefined;
  let count = 400;
  do {
    const page = listPage(predictions(count), typeof cursor === 'string' ? { cursor } : query);
    seen.push(...(serials(page) ?? []));
    cursor = page?.cursor;
    count += 50;
  } while (typeof cursor === 'string');
  expect(seen).toEqual(Array.from({ length: 300 - 20 }, (_, index) => 299 - index));
});

it('returns null for an unreadable query', () => {
  expect(listPage([], { created_after: 'soon' })).toBeNull();
  expect(listPage([], { cursor: 'bm9uc2Vuc2U=' })).toBeNull();
});
