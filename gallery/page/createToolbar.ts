import type { Facet } from '../data/facetsOf.ts';
import type { Selection } from '../data/selectItems.ts';
import { type SortName, sorts } from '../data/sorts.ts';
import { el } from './el.ts';

/** The state of the toolbar. */
export interface View extends Selection {
  /** Names of the facets of rows and columns; null for a plain grid. */
  readonly axes: { readonly rows: string; readonly columns: string } | null;
}

export interface ToolbarConfig {
  readonly facets: readonly Facet[];
  /** Facets that can be rows or columns. */
  readonly axes: readonly Facet[];
  readonly sortNames: readonly SortName[];
  /** Initial state; values that no facet has are ignored. Default: no search, no filter. */
  readonly view?: View;
  readonly onChange: (view: View) => void;
}

export interface Toolbar {
  readonly element: HTMLElement;
  /** Shows how many items there are, in words. */
  count(text: string): void;
  /** Sets filters and shows a plain grid. */
  filter(values: ReadonlyMap<string, string>): void;
  focusSearch(): void;
}

/** Creates the toolbar: search, filters, order, and rows x columns if the run has axes. */
export function createToolbar({ facets, axes, sortNames, view, onChange }: ToolbarConfig): Toolbar {
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
  const sort = choice(
    'Order',
    sortNames.map((name) => [name, sorts[name].label]),
    () => changed(),
  );
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
  const choices = el(
    'details',
    { class: 'choices' },
    summary,
    el(
      'div',
      { class: 'fields' },
      ...filters.map(({ select }) => select.field),
      sort.field,
      ...(axes.length < 2 ? [] : [layout.field, rows.field, columns.field]),
    ),
  );
  // On a narrow screen the open choices would cover the images.
  choices.open = window.matchMedia('(min-width: 700px)').matches;

  const changed = () => {
    const chosen = filters.filter(({ select }) => select.input.selectedIndex > 0);
    for (const { select } of filters) select.field.classList.toggle('is-set', select.input.selectedIndex > 0);
    rows.field.hidden = columns.field.hidden = layout.input.value === '';
    summary.textContent = chosen.length === 0 ? 'Filters and order' : `Filters and order (${chosen.length})`;
    onChange({
      search: search.value,
      filters: new Map(chosen.map(({ facet, select }) => [facet.name, valueAt(facet, select.input)])),
      sort: sort.input.value as SortName,
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
  columns.input.value = axes[1]?.name ?? '';
  if (view !== undefined) {
    search.value = view.search;
    sort.input.value = view.sort;
    for (const { facet, select } of filters) {
      const value = view.filters.get(facet.name);
      if (value !== undefined) select.input.selectedIndex = facet.values.indexOf(value) + 1;
    }
    if (view.axes !== null) {
      layout.input.value = 'table';
      rows.input.value = view.axes.rows;
      columns.input.value = view.axes.columns;
    }
  }
  rows.field.hidden = columns.field.hidden = layout.input.value === '';
  return {
    element: el('div', { class: 'toolbar' }, search, count, choices),
    count: (text) => {
      count.textContent = text;
    },
    filter(values) {
      for (const { facet, select } of filters) {
        const value = values.get(facet.name);
        if (value !== undefined) select.input.selectedIndex = facet.values.indexOf(value) + 1;
      }
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

interface Choice {
  readonly input: HTMLSelectElement;
  readonly field: HTMLElement;
}

/** Number of fields so far: ids are numbers, because two tags can have the same label. */
let choices = 0;

function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  onchange: () => void,
): Choice {
  choices += 1;
  const id = `choice-${choices}`;
  const input = el(
    'select',
    { id, onchange },
    ...options.map(([value, text]) => el('option', { value }, text)),
  );
  return { input, field: el('div', { class: 'field' }, el('label', { for: id }, label), input) };
}
