import type { Facet } from '../data/facetsOf.ts';
import type { Selection } from '../data/selectItems.ts';
import type { Shown } from '../data/shownFile.ts';
import { type SortName, sorts } from '../data/sorts.ts';
import { type JudgedFilter, judgedFilters } from '../picks/judgedFilter.ts';
import { type Choice, choice } from './choice.ts';
import { el } from './el.ts';
import { firstAxes } from './firstAxes.ts';

/** The state of the toolbar. */
export interface View extends Selection {
  /** Names of the facets of rows and columns; null for a plain grid. */
  readonly axes: { readonly rows: string; readonly columns: string } | null;
  readonly judged: JudgedFilter;
  /** The file that tiles show. */
  readonly shown: Shown;
}

export interface ToolbarConfig {
  readonly facets: readonly Facet[];
  /** Facets that can be rows or columns. */
  readonly axes: readonly Facet[];
  readonly sortNames: readonly SortName[];
  /** The files that tiles can show; empty if there is no choice. */
  readonly shownChoices: readonly (readonly [value: Shown, label: string])[];
  /** Initial state; values that no facet has are ignored. */
  readonly view: View;
  readonly onChange: (view: View) => void;
  /** The slider of the tile size. */
  readonly size: HTMLElement;
}

export interface Toolbar {
  readonly element: HTMLElement;
  /** Shows how many items there are, in words. */
  count(text: string): void;
  /** Sets filters, clears the search, and shows a plain grid. */
  filter(values: ReadonlyMap<string, string>, change?: Partial<Pick<View, 'search' | 'judged'>>): void;
  focusSearch(): void;
}

/** Filters that fit into the bar; more of them fold away. */
const FILTERS_IN_BAR = 4;

/** Creates the toolbar: search, filters, order, and rows x columns if the run has axes. */
export function createToolbar(config: ToolbarConfig): Toolbar {
  const { facets, axes, sortNames, shownChoices, view, onChange, size } = config;
  const search = el('input', {
    type: 'search',
    placeholder: 'Search prompts, tags, seeds, errors',
    'aria-label': 'Search',
    oninput: () => changed(),
  });
  const filters = facets.map((facet) => ({
    facet,
    select: choice(facet.label, [['', 'All'], ...valuesOf(facet)], () => changed()),
  }));
  const judged = choice('Picks', Object.entries(judgedFilters), () => changed());
  const sort = choice(
    'Order',
    sortNames.map((name) => [name, sorts[name].label]),
    () => changed(),
  );
  const shown = choice('Show', shownChoices, () => changed());
  const layouts = [
    ['', 'Grid'],
    ['table', 'Table'],
  ] as const;
  const layout = choice('Layout', layouts, () => changed());
  const axisOptions = axes.map(({ name, label }) => [name, label] as const);
  const rows = choice('Rows', axisOptions, () => apart(rows, columns));
  const columns = choice('Columns', axisOptions, () => apart(columns, rows));
  const count = el('p', { class: 'count', role: 'status' });
  const summary = el('summary', {}, 'Filters and order');
  const inBar = filters.slice(0, FILTERS_IN_BAR).map(({ select }) => select.field);
  const folded = filters.slice(FILTERS_IN_BAR).map(({ select }) => select.field);
  const more = el('summary', {}, 'More');
  const choices = el(
    'details',
    { class: 'choices' },
    summary,
    el(
      'div',
      { class: 'fields' },
      judged.field,
      ...inBar,
      folded.length === 0
        ? null
        : el('details', { class: 'folded' }, more, el('div', { class: 'fields' }, ...folded)),
      sort.field,
      shownChoices.length < 2 ? null : shown.field,
      ...(axes.length < 2 ? [] : [layout.field, rows.field, columns.field]),
      size,
    ),
  );
  // On a narrow screen the open choices would cover the images.
  choices.open = window.matchMedia('(min-width: 700px)').matches;

  /** Shows which filters are set. */
  const mark = () => {
    const chosen = [judged, ...filters.map(({ select }) => select)].filter(({ input, field }) => {
      field.classList.toggle('is-set', input.selectedIndex > 0);
      return input.selectedIndex > 0;
    });
    const foldedSet = folded.filter((field) => field.classList.contains('is-set')).length;
    more.textContent = foldedSet === 0 ? 'More' : `More (${foldedSet})`;
    rows.field.hidden = columns.field.hidden = layout.input.value === '';
    size.hidden = layout.input.value !== '';
    summary.textContent = chosen.length === 0 ? 'Filters and order' : `Filters and order (${chosen.length})`;
  };
  const changed = () => {
    mark();
    const chosen = filters.filter(({ select }) => select.input.selectedIndex > 0);
    onChange({
      search: search.value,
      filters: new Map(chosen.map(({ facet, select }) => [facet.name, valueAt(facet, select.input)])),
      sort: (sort.input.value || view.sort) as SortName,
      judged: judged.input.value as JudgedFilter,
      shown: shownChoices.length < 2 ? view.shown : shown.input.value,
      axes: layout.input.value === '' ? null : { rows: rows.input.value, columns: columns.input.value },
    });
  };
  /** Keeps rows and columns apart: if both have the same facet, the other one changes. */
  const apart = (set: Choice, other: Choice) => {
    if (set.input.value === other.input.value) {
      other.input.value = axes.find(({ name }) => name !== set.input.value)?.name ?? '';
    }
    changed();
  };
  const setFilters = (values: ReadonlyMap<string, string>) => {
    for (const { facet, select } of filters) {
      const value = values.get(facet.name);
      if (value !== undefined) select.input.selectedIndex = facet.values.indexOf(value) + 1;
    }
  };
  search.value = view.search;
  sort.input.value = view.sort;
  judged.input.value = view.judged;
  shown.input.value = view.shown;
  setFilters(view.filters);
  layout.input.value = view.axes === null ? '' : 'table';
  const { rows: firstRows, columns: firstColumns } = view.axes ?? firstAxes(axes) ?? {};
  rows.input.value = firstRows ?? '';
  columns.input.value = firstColumns ?? '';
  mark();
  return {
    element: el('div', { class: 'toolbar' }, search, count, choices),
    count: (text) => {
      count.textContent = text;
    },
    filter(values, change = {}) {
      setFilters(values);
      search.value = change.search ?? search.value;
      judged.input.value = change.judged ?? judged.input.value;
      layout.input.value = '';
      changed();
    },
    focusSearch: () => search.focus(),
  };
}

/** Returns options whose values are indexes, which distinguishes an empty value from "All". */
function valuesOf({ values }: Facet): [string, string][] {
  return values.map((value, index) => [String(index), value === '' ? '–' : value]);
}

function valueAt({ values }: Facet, { selectedIndex }: HTMLSelectElement): string {
  return values[selectedIndex - 1] ?? '';
}
