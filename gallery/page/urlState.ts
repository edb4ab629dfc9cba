import type { Facet } from '../data/facetsOf.ts';
import { type SortName, sorts } from '../data/sorts.ts';
import { type JudgedFilter, judgedFilters } from '../picks/judgedFilter.ts';
import type { PageName } from './createHeader.ts';
import type { View } from './createToolbar.ts';

/** The state of the page in its URL: you can send it to others, and it survives a reload. */
export interface UrlState {
  readonly view: View;
  readonly page: PageName;
  /** Number of the open image, such as `12.2`; null if none is open. */
  readonly open: string | null;
}

/** Reads the state from the fragment of a URL; missing and invalid parts are those of `initial`. */
export function readUrl(
  fragment: string,
  facets: readonly Facet[],
  pages: readonly PageName[],
  initial: View,
): UrlState {
  const found = new URLSearchParams(fragment.replace(/^#/, ''));
  const filters = facets.flatMap(({ name, values }) => {
    const value = found.get(`is.${name}`);
    return value !== null && values.includes(value) ? [[name, value] as const] : [];
  });
  const sort = found.get('sort') ?? '';
  const judged = found.get('picks') ?? '';
  const [rows, columns] = [found.get('rows'), found.get('columns')];
  const axes = rows !== null && columns !== null ? { rows, columns } : null;
  return {
    view: {
      search: found.get('q') ?? '',
      filters: new Map(filters),
      sort: Object.hasOwn(sorts, sort) ? (sort as SortName) : initial.sort,
      judged: Object.hasOwn(judgedFilters, judged) ? (judged as JudgedFilter) : 'all',
      shown: found.get('show') ?? initial.shown,
      axes: found.get('layout') === 'grid' ? null : (axes ?? initial.axes),
    },
    page: pages.find((page) => page === found.get('page')) ?? 'pictures',
    open: found.get('open'),
  };
}

/** Returns the fragment of a state, empty if it is the initial one. */
export function writeUrl({ view, page, open }: UrlState, initial: View): string {
  const { search, filters, sort, judged, shown, axes } = view;
  const fields: [string, string][] = [];
  if (page !== 'pictures') fields.push(['page', page]);
  if (search !== '') fields.push(['q', search]);
  for (const [name, value] of filters) fields.push([`is.${name}`, value]);
  if (sort !== initial.sort) fields.push(['sort', sort]);
  if (judged !== 'all') fields.push(['picks', judged]);
  if (shown !== initial.shown) fields.push(['show', shown]);
  if (axes === null && initial.axes !== null) fields.push(['layout', 'grid']);
  if (axes !== null && (axes.rows !== initial.axes?.rows || axes.columns !== initial.axes?.columns))
    fields.push(['rows', axes.rows], ['columns', axes.columns]);
  if (open !== null) fields.push(['open', open]);
  return fields.length === 0 ? '' : `#${new URLSearchParams(fields)}`;
}
