import type { GalleryData, GalleryJob } from '../src/sinks/gallery/galleryData.ts';
import { captionOf } from './data/captionOf.ts';
import { facetsOf } from './data/facetsOf.ts';
import type { Item } from './data/Item.ts';
import { itemsOf } from './data/itemsOf.ts';
import { selectItems } from './data/selectItems.ts';
import { type SortName, sorts } from './data/sorts.ts';
import { createCompare } from './lightbox/createCompare.ts';
import { createLightbox } from './lightbox/createLightbox.ts';
import { followRun } from './live/followRun.ts';
import { createGrid } from './page/createGrid.ts';
import { createHeader } from './page/createHeader.ts';
import { createSelectionBar } from './page/createSelectionBar.ts';
import { createTable, maxAxisValues } from './page/createTable.ts';
import { createToolbar, type View } from './page/createToolbar.ts';
import { el } from './page/el.ts';
import { createReport } from './report/createReport.ts';

const data: GalleryData = JSON.parse(document.getElementById('data')?.textContent ?? '');
let items = itemsOf(data.jobs);
let choices = choicesOf(items);

/** Returns the facets, axes and orders that these items offer. */
function choicesOf(all: readonly Item[]) {
  const facets = facetsOf(all);
  return {
    facets,
    axes: facets.filter(({ name, values }) => name !== 'status' && values.length <= maxAxisValues),
    sortNames: (Object.keys(sorts) as SortName[]).filter((name) => {
      const { keyOf } = sorts[name];
      return keyOf === null || new Set(all.map(keyOf)).size > 1;
    }),
  };
}

let view: View = { search: '', filters: new Map(), sort: 'input', axes: null };
let shown: readonly Item[] = items;

const selection = createSelectionBar(
  (chosen) => compare.open(chosen),
  () => show(),
);
const compare = createCompare();
const lightbox = createLightbox({
  ...selection,
  closed: (item) => {
    if (view.axes === null && header.page() === 'pictures') grid.focus(item);
  },
});
const actions = {
  ...selection,
  open: (item: Item) => lightbox.open(item, shown),
  captionOf: (item: Item) => captionOf(item, choices.facets),
};
const grid = createGrid(actions);
const table = el('div', { class: 'table-view' });
const nothing = el('p', { class: 'nothing', hidden: true }, 'Nothing fits. Change the search or a filter.');
const onChange = (changed: View) => {
  view = changed;
  show();
};
let toolbar = createToolbar({ ...choices, onChange });
const pictures = el('section', { 'aria-label': 'Pictures' }, toolbar.element, nothing, grid.element, table);
const report = el('section', { 'aria-label': 'Report', hidden: true });
const header = createHeader(data, (page) => {
  pictures.hidden = page !== 'pictures';
  report.hidden = page !== 'report';
  if (page === 'report' && report.childElementCount === 0) report.append(createReport(data, openJob));
  if (page === 'pictures') grid.refresh();
  window.scrollTo(0, 0);
});

function show(draw = grid.show): void {
  const { facets, axes } = choices;
  shown = selectItems(items, facets, view);
  toolbar.count(
    shown.length === items.length ? `${items.length} in all` : `${shown.length} of ${items.length}`,
  );
  nothing.hidden = shown.length > 0;
  const rows = axes.find(({ name }) => name === view.axes?.rows);
  const columns = axes.find(({ name }) => name === view.axes?.columns);
  const isTable = rows !== undefined && columns !== undefined && shown.length > 0;
  grid.element.hidden = isTable;
  table.replaceChildren();
  if (isTable) {
    const showAll = (row: string, column: string) =>
      toolbar.filter(
        new Map([
          [rows.name, row],
          [columns.name, column],
        ]),
      );
    table.append(createTable(shown, rows, columns, { ...actions, showAll }));
  } else {
    draw(shown);
  }
}

/** Shows the jobs that have changed during the run. */
function update(jobs: readonly GalleryJob[]): void {
  items = itemsOf(jobs);
  const before = JSON.stringify(choices);
  choices = choicesOf(items);
  // A toolbar in use must not be replaced.
  if (JSON.stringify(choices) !== before && !toolbar.element.contains(document.activeElement)) {
    const next = createToolbar({ ...choices, view, onChange });
    toolbar.element.replaceWith(next.element);
    toolbar = next;
  }
  show(grid.update);
}

function openJob(index: number): void {
  const item = items.find(({ job }) => job.index === index);
  if (item) lightbox.open(item, items);
}

document.addEventListener('keydown', (event) => {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  if (ctrlKey || metaKey || altKey || document.querySelector('dialog[open]')) return;
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return;
  if (key === '/' && header.page() === 'pictures') {
    event.preventDefault();
    toolbar.focusSearch();
  } else if (key === 'c' && target instanceof Element) {
    target.closest('.tile')?.querySelector<HTMLElement>('.select')?.click();
  }
});

document.body.append(
  header.element,
  ...(data.live === undefined ? [] : [followRun(data.jobs, data.live, update)]),
  el('main', {}, pictures, report),
  selection.element,
  lightbox.element,
  compare.element,
);
show();
