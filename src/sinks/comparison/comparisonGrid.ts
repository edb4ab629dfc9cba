import { basename } from 'node:path';
import { escapeXml, formatUsd, sheetFont, toMicroUsd, wrapText } from '../../base/text.ts';
import { writeAtomically } from '../../disk/writeFiles.ts';
import type { Outcome } from '../../types.ts';
import {
  createPage,
  drawRow,
  headSvg,
  pagePath,
  removePagesFrom,
  rowHeight,
  type SheetCell,
  type SheetLayout,
} from '../contactSheet/page.ts';
import { thumbnailPath } from '../gallery/thumbnails.ts';

/** What a comparison shows: a cell for each row in each column, where there is one. */
interface ComparedCells {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  at(row: string, column: string): SheetCell | undefined;
}

const nothing: SheetCell = { picture: null, ratio: 1, reason: '–', title: '', text: '' };

const FILE_NAME = 'comparison-grid';

/** More columns would be too small to compare. */
const MAX_COLUMNS = 12;

/**
 * Writes `comparison-grid.jpg` into the run folder, and `comparison-grid-2.jpg`, … where a page is full: a row for each value of one
 * tag, a column for each of another (the first 12), with the names of both. A row is decoded at a time and drawn on the page, which
 * is 36 MB at most. Rejects with `StorageError` where the disk refuses.
 */
export async function writeComparisonGrid(
  folder: string,
  outcomes: AsyncIterable<Outcome>,
  axes: ComparisonAxes,
): Promise<void> {
  const { rows, columns: all, at } = await comparisonCells(outcomes, axes);
  const columns = all.slice(0, MAX_COLUMNS);
  if (rows.length === 0) return;
  const { default: sharp } = await import('sharp');
  const layout = comparisonLayout(columns.length);
  const { widthPx, maxHeightPx, topPx, headPx, edgePx, cellPx, captionPx } = layout;
  const page = createPage(widthPx, maxHeightPx);
  const note = `${rows.length} x ${all.length}`;
  let number = 1;
  let top = topPx;
  const endPage = async () => {
    const name = headSvg(basename(folder), number === 1 ? note : `${note} · page ${number}`, {
      ...layout,
      marginPx: edgePx,
    });
    await page.put(sharp(Buffer.from(name)), { left: 0, top: 0 });
    await page.put(sharp(Buffer.from(headingsSvg(columns, layout))), { left: 0, top: headPx });
    await writeAtomically(
      pagePath(folder, FILE_NAME, number),
      await page.toJpeg(Math.min(maxHeightPx, top + edgePx)),
    );
    page.clear();
    number += 1;
    top = topPx;
  };
  for (const row of rows) {
    const cells = columns.map((column) => at(row, column) ?? nothing);
    const heightPx = rowHeight(cells, cellPx);
    if (top + heightPx + captionPx > maxHeightPx) await endPage();
    await drawRow(page, cells, top, layout, folder);
    const heading = rowHeadingSvg(row, heightPx, layout);
    await page.put(sharp(Buffer.from(heading)), { left: edgePx, top });
    top += heightPx + captionPx;
  }
  await endPage();
  await removePagesFrom(folder, FILE_NAME, number);
}

interface ComparisonAxes {
  /** The tags that tell rows and columns. */
  rows: string;
  columns: string;
}

/** Nobody compares more at a glance. */
const MAX_CELLS = 2_000;

/**
 * Lays outcomes out by two of their tags, in the order in which values come. A cell has the first picture that was made for it,
 * else why there is none.
 */
async function comparisonCells(
  outcomes: AsyncIterable<Outcome>,
  axes: ComparisonAxes,
): Promise<ComparedCells> {
  const cells = new Map<string, SheetCell>();
  const rows = new Set<string>();
  const columns = new Set<string>();
  for await (const outcome of outcomes) {
    const { [axes.rows]: row, [axes.columns]: column } = outcome.tags;
    if (row === undefined || column === undefined) continue;
    rows.add(row);
    columns.add(column);
    const key = JSON.stringify([row, column]);
    const isBetter = cells.get(key)?.picture == null && (outcome.status === 'saved' || !cells.has(key));
    if (isBetter && cells.size < MAX_CELLS) cells.set(key, cellOf(outcome));
  }
  return {
    rows: [...rows],
    columns: [...columns],
    at: (row, column) => cells.get(JSON.stringify([row, column])),
  };
}

function cellOf({ files, metrics, costUsd, error, status }: Outcome): SheetCell {
  const original = files.find(({ role, width }) => role === 'original' && width !== null);
  const { width, height } = original ?? {};
  const seconds = metrics.predict_time;
  const facts = [
    typeof seconds === 'number' ? `${seconds.toFixed(1)} s` : '',
    costUsd === null ? '' : formatUsd(toMicroUsd(costUsd)),
  ];
  return {
    picture: original === undefined ? null : thumbnailPath(original),
    ratio: (width ?? 1) / (height ?? width ?? 1),
    reason: error?.code ?? status,
    title: original === undefined ? '' : facts.filter((fact) => fact !== '').join(' · '),
    text: '',
  };
}

/** How a comparison lies on its pages: a contact sheet with room for a heading beside each row and above the columns. */
interface ComparisonLayout extends SheetLayout {
  /** From the page's edge to the row's heading, and how wide that is. */
  readonly edgePx: number;
  readonly headingPx: number;
  /** Above the pictures of a page: its head and the names of the columns. */
  readonly topPx: number;
}

const MAX_PAGE_PIXELS = 12_000_000;

/** Few columns are shown large, many small; a page is at most 12 megapixels. */
export function comparisonLayout(columns: number): ComparisonLayout {
  const cellPx = columns <= 3 ? 420 : columns <= 6 ? 320 : 220;
  const gapPx = Math.round(cellPx / 16);
  const edgePx = gapPx * 2;
  const fontPx = Math.max(13, Math.round(cellPx / 20));
  const headingPx = Math.round(cellPx * 0.62);
  const marginPx = edgePx + headingPx + gapPx;
  const widthPx = marginPx + columns * cellPx + (columns - 1) * gapPx + edgePx;
  return {
    columns,
    cellPx,
    gapPx,
    marginPx,
    edgePx,
    headingPx,
    headPx: 96,
    topPx: 96 + Math.round(fontPx * 2.6),
    fontPx,
    captionPx: Math.round(fontPx * 2) + gapPx,
    widthPx,
    maxHeightPx: Math.floor(MAX_PAGE_PIXELS / widthPx),
  };
}

/** The names of the columns, above the pictures of a page. */
function headingsSvg(columns: readonly string[], layout: ComparisonLayout): string {
  const { widthPx, topPx, headPx, fontPx, marginPx, cellPx, gapPx } = layout;
  const names = columns.map((column, place) => {
    const [words = ''] = wrapText(column, cellPx / fontPx, 1);
    const x = marginPx + place * (cellPx + gapPx);
    return `<text x="${x}" y="${fontPx * 1.3}" font-weight="600" fill="#2b2b28">${escapeXml(words)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${topPx - headPx}" ${sheetFont} font-size="${fontPx}">${names.join('')}</svg>`;
}

/** The name of a row, in as many lines as its pictures are high. */
function rowHeadingSvg(row: string, heightPx: number, { headingPx, fontPx }: ComparisonLayout): string {
  const linePx = fontPx * 1.35;
  const lines = wrapText(row, headingPx / fontPx, Math.max(1, Math.floor(heightPx / linePx)));
  const drawn = lines.map(
    (line, place) =>
      `<text x="0" y="${fontPx + place * linePx}" font-weight="600" fill="#2b2b28">${escapeXml(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${headingPx}" height="${heightPx}" ${sheetFont} font-size="${fontPx}">${drawn.join('')}</svg>`;
}
