import type { GalleryData, GalleryJob } from '../src/sinks/gallery/galleryData.ts';
import type { Judgement } from '../src/sinks/picks/picks.ts';
import { createCaptions } from './data/createCaptions.ts';
import { facetsOf } from './data/facetsOf.ts';
import type { Item } from './data/Item.ts';
import { itemsOf } from './data/itemsOf.ts';
import { notesOf } from './data/notesOf.ts';
import { selectItems } from './data/selectItems.ts';
import { firstShown, shownChoices, shownFile, shownPosition } from './data/shownFile.ts';
import { type SortName, sorts } from './data/sorts.ts';
import { createCompare } from './lightbox/createCompare.ts';
import { createLightbox } from './lightbox/createLightbox.ts';
import { createLineage } from './lineage/createLineage.ts';
import { followRun } from './live/followRun.ts';
import { createGrid } from './page/createGrid.ts';
import { createHeader, type PageName } from './page/createHeader.ts';
import { createHelp } from './page/createHelp.ts';
import { createSelectionBar } from './page/createSelectionBar.ts';
import { createSizeSlider } from './page/createSizeSlider.ts';
import { createTable, maxAxisValues } from './page/createTable.ts';
import { repaint, type TileActions } from './page/createTile.ts';
import { createToolbar, type View } from './page/createToolbar.ts';
import { el } from './page/el.ts';
import { firstAxes, isComparison } from './page/firstAxes.ts';
import { listenToKeys } from './page/listenToKeys.ts';
import { readUrl, writeUrl } from './page/urlState.ts';
import { createPicks, picksOf } from './picks/createPicks.ts';
import { createPicksBar } from './picks/createPicksBar.ts';
import { passes } from './picks/judgedFilter.ts';
import { pathsOfKind } from './picks/pathsOfKind.ts';
import { createReport } from './report/createReport.ts';
import { folderOf, retryCommand } from './text/commands.ts';

const data: GalleryData = JSON.parse(document.getElementById('data')?.textContent ?? '');
const isSimulated = data.isSimulated === true;
const place = { folder: data.folder ?? folderOf(location, data.name), isSimulated };
/** During a run, the newest images are of interest. */
const initialSort: SortName = data.live === undefined ? 'input' : 'newest';
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
      return keyOf === null || name === initialSort || new Set(all.map(keyOf)).size > 1;
    }),
    shownChoices: shownChoices(all),
  };
}

const initial: View = {
  search: '',
  filters: new Map(),
  sort: initialSort,
  judged: 'all',
  shown: firstShown(items),
  axes: data.live === undefined && isComparison(choices.axes) ? firstAxes(choices.axes) : null,
};
const pages: readonly PageName[] =
  data.refinement === undefined ? ['pictures', 'report'] : ['pictures', 'lineage', 'report'];
let { view } = readUrl(location.hash, choices.facets, pages, initial);
let shown: readonly Item[] = items;
let captions = createCaptions(items, choices.facets);

const picks = createPicks(`rxposure picks ${location.pathname}`);
if (data.live === undefined) picks.relocate(items);
const selection = createSelectionBar(
  (chosen) => compare.open(chosen),
  (gone) => gone.forEach(repaint),
);
const actions: TileActions = {
  ...selection,
  judgementOf: picks.of,
  judge,
  open: (item) => lightbox.open(item, shown.includes(item) ? shown : items),
  fileOf: (item) => shownFile(item, view.shown),
  captionOf: (item) => captions(item),
  notesOf: notesOf(data.refinement),
  retryOf: ({ job }) => (job.status === 'failed' ? retryCommand(place, [job.index + 1]) : null),
};
const compare = createCompare(actions);
const lightbox = createLightbox({
  ...actions,
  firstFileOf: (item) => shownPosition(item, view.shown),
  onShown: () => noteUrl(),
  closed: (item) => {
    if (view.judged !== 'all') show(grid.update);
    if (isGridShown()) grid.focus(item);
    noteUrl();
  },
});
const size = createSizeSlider(() => grid.refresh());
const grid = createGrid({ ...actions, rowHeightPx: size.heightPx });
const table = el('div', { class: 'table-view' });
const nothing = el('p', { class: 'nothing', hidden: true }, 'No match. Change the search or a filter.');
const onChange = (changed: View) => {
  view = changed;
  show();
  noteUrl();
};
let toolbar = createToolbar({ ...choices, view, onChange, size: size.element });
const picksBar = createPicksBar({
  place,
  picks: () => picksOf(items, picks.of, { run: data.name, ...(isSimulated && { isSimulated }) }),
  pathsOf: (kind) =>
    pathsOfKind(
      items.filter((item) => picks.of(item).verdict === 'picked'),
      kind,
    ),
  hasRenditions: choices.shownChoices.length > 0,
  load(given) {
    const found = picks.load(given, items);
    picksBar.refresh();
    show();
    return found;
  },
  showPicked: () => goTo(new Map(), { judged: 'picked' }),
  isStored: picks.isStored,
});
const help = createHelp();
const pictures = el('section', { 'aria-label': 'Pictures' }, toolbar.element, nothing, grid.element, table);
const lineage = el('section', { 'aria-label': 'Lineage', hidden: true });
const report = el('section', { 'aria-label': 'Report', hidden: true });
const sections = { pictures, lineage, report } as const;
const header = createHeader(data, {
  pages,
  onPage(page) {
    for (const [name, section] of Object.entries(sections)) section.hidden = name !== page;
    if (page === 'report' && report.childElementCount === 0)
      report.append(createReport(data, { open: openJob, showError, place }));
    if (page === 'lineage' && data.refinement && lineage.childElementCount === 0)
      lineage.append(createLineage(data.refinement, { open: actions.open, itemOf }));
    if (page === 'pictures') grid.refresh();
    window.scrollTo(0, 0);
    noteUrl();
  },
  onHelp: () => help.showModal(),
});

function isGridShown(): boolean {
  return header.page() === 'pictures' && !grid.element.hidden;
}

function judge(item: Item, change: Partial<Judgement>): void {
  const hadFocus = grid.element.contains(document.activeElement);
  picks.judge(item, change);
  repaint(item);
  picksBar.refresh();
  if (view.judged === 'all' || lightbox.element.open || compare.element.open) return;
  show(grid.update);
  if (hadFocus && shown.length > 0 && isGridShown()) grid.focusCurrent();
}

function show(draw = grid.show): void {
  const { facets, axes } = choices;
  shown = selectItems(items, facets, view).filter((item) => passes(view.judged, picks.of(item)));
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

/** Shows the pictures that pass filters, on their page. */
function goTo(filters: ReadonlyMap<string, string>, change: Partial<Pick<View, 'search' | 'judged'>>): void {
  header.go('pictures');
  toolbar.filter(filters, change);
}

function showError(code: string): void {
  goTo(new Map(), { search: code });
}

/** Shows the jobs that have changed during the run. */
function update(jobs: readonly GalleryJob[]): void {
  items = itemsOf(jobs);
  const before = JSON.stringify(choices);
  const begun = items.filter(({ job }) => job.status !== 'waiting');
  choices = choicesOf(begun);
  captions = createCaptions(begun, choices.facets);
  // A toolbar in use must not be replaced.
  if (JSON.stringify(choices) !== before && !toolbar.element.contains(document.activeElement)) {
    const next = createToolbar({ ...choices, view, onChange, size: size.element });
    toolbar.element.replaceWith(next.element);
    toolbar = next;
  }
  show(grid.update);
}

function itemOf(index: number): Item | undefined {
  return items.find(({ job }) => job.index === index);
}

function openJob(index: number): void {
  const item = itemOf(index);
  if (item) lightbox.open(item, items);
}

/** Puts the state of the page into its URL. An open image is an entry of its own: Back closes it. */
function noteUrl(): void {
  const open = lightbox.shown()?.name ?? null;
  const hash = writeUrl({ view, page: header.page(), open }, initial);
  if (hash === location.hash) return;
  const isOpened = open !== null && !location.hash.includes('open=');
  history[isOpened ? 'pushState' : 'replaceState'](
    null,
    '',
    hash === '' ? location.pathname + location.search : hash,
  );
}

/** Shows the state in the URL. */
function followUrl(): void {
  const state = readUrl(location.hash, choices.facets, pages, initial);
  view = state.view;
  const next = createToolbar({ ...choices, view, onChange, size: size.element });
  toolbar.element.replaceWith(next.element);
  toolbar = next;
  show();
  if (state.page !== header.page()) header.go(state.page);
  const item = items.find(({ name }) => name === state.open);
  if (item !== undefined && item !== lightbox.shown()) actions.open(item);
  if (item === undefined && lightbox.element.open) lightbox.close();
}

listenToKeys({
  ...actions,
  grid,
  isGridShown,
  focusSearch: () => {
    if (header.page() !== 'pictures') header.go('pictures');
    toolbar.focusSearch();
  },
  showHelp: () => {
    if (!help.open) help.showModal();
  },
});
window.addEventListener('popstate', followUrl);
document.body.append(
  header.element,
  ...(data.live === undefined ? [] : [followRun(data, data.live, update)]),
  el('main', {}, pictures, lineage, report),
  el('div', { class: 'dock' }, selection.element, picksBar.element),
  lightbox.element,
  compare.element,
  help,
  picksBar.dialog,
);
followUrl();
picksBar.refresh();
