import { expect, it } from 'vitest';
import type { Grid, GridValue } from '../../../../src/pipelines/workflows/grid/cells.ts';
import { extendGrid } from '../../../../src/pipelines/workflows/grid/growth.ts';

/** Compares models, each as `name=owner/name`. */
const comparing = (...models: string[]): Grid => ({
  ...{ prompt: 'a fox', input: {}, renditions: [], seed: 1, max: 100 },
  axes: [{ name: 'model', place: 'models', values: models.map(named) }],
});

function named(text: string): GridValue {
  const [name = '', model = ''] = text.split('=');
  return { tags: { model: name }, words: {}, input: {}, model };
}

/** Runs one grid after the other in a folder; returns the names and models of the last one. */
function columnsAfter(...grids: Grid[]): string[] {
  let last = extendGrid(comparing('none=a/none'), 1, null);
  for (const [at, grid] of grids.entries()) last = extendGrid(grid, 1, at === 0 ? null : last);
  return (last.axes[0]?.values ?? []).map(({ tags, model }) => `${tags.model}=${model}`);
}

it('keeps both names of a model that is there twice', () => {
  const grid = comparing('fast=a/flux', 'good=a/flux', 'other=b/sd');
  expect(columnsAfter(grid, grid)).toEqual(['fast=a/flux', 'good=a/flux', 'other=b/sd']);
  expect(columnsAfter(grid, comparing('other=b/sd', 'good=a/flux', 'fast=a/flux'))).toEqual([
    ...['fast=a/flux', 'good=a/flux', 'other=b/sd'],
  ]);
});

it('renames columns, and adds a model that is there already under a second name', () => {
  const before = comparing('fast=a/flux');
  expect(columnsAfter(before, comparing('quick=a/flux'))).toEqual(['quick=a/flux']);
  expect(columnsAfter(before, comparing('fast=a/flux', 'good=a/flux'))).toEqual([
    ...['fast=a/flux', 'good=a/flux'],
  ]);
});

it('begins again if one of two columns of a model is gone', () => {
  const before = comparing('fast=a/flux', 'good=a/flux');
  expect(columnsAfter(before, comparing('good=a/flux'))).toEqual(['good=a/flux']);
});

it('gives two columns that are renamed alike two names', () => {
  const before = comparing('fast=a/flux', 'good=b/sd');
  const now = comparing('same=a/flux', 'same=b/sd');
  expect(columnsAfter(before, now, now)).toEqual(['same=a/flux', 'same-2=b/sd']);
});
