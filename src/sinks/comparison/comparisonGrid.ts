import { basename } from 'node:path';
import { isSimulated } from '../../base/service.ts';
import { escapeXml, formatUsd, sheetFont, toMicroUsd, wrapText } from '../../base/text.ts';
import { importPackage } from '../../disk/storageError.ts';
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

/** The cells of a comparison, by row and column. */
interface ComparedCells {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  at(row: string, column: string): SheetCell | undefined;
  /** True if no model made the images, or some of them. */
  readonly areSimulated: boolean;
}

const nothing: SheetCell = { picture: null, ratio: 1, reason: '–', title: '', text: '' };

const FILE_NAME = 'comparison-grid';

/** More columns would be too small to compare. */
const MAX_COLUMNS = 12;

/**
 * Writes `comparison-grid.jpg` into the run folder, and `comparison-grid-2.jpg`, … if one page is
 * not enough: a row for each value of one tag, a column for each value of another (the first 12),
 * with headings; the head of a page says if the images are simulated. Memory: one row of decoded
 * images and the page, at most 36 MB. Rejects with `StorageError` if a page cannot be written.
 */
export async function writeComparisonGrid(
  folder: string,
  outcomes: AsyncIterable<Outcome>,
  axes: ComparisonAxes,
): Promise<void> {
  const { rows, columns: all, at, areSimulated } = await comparisonCells(outcomes, axes);
  const columns = all.slice(0, MAX_COLUMNS);
  if (rows.length === 0) return;
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const layout = comparisonLayout(columns.length);
  const { widthPx, maxHeightPx, topPx, headPx, edgePx, cellPx, captionPx } = layout;
  const page = createPage(widthPx, maxHeightPx);
  const size = `${rows.length} x ${all.length}`;
  const note = areSimulated ? `simulated · ${size}` : size;
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

export interface ComparisonAxes {
  /** The tag whose values are the rows. */
  rows: string;
  /** The tag whose values are the columns. */
  columns: string;
}

/** Cells of a comparison, at most: more cannot be compared at a glance. */
const MAX_CELLS = 2_000;

/**
 * Lays out outcomes by two of their tags, in the order in which values come. A cell shows its first
 * image, or the reason why it has none.
 */
async function comparisonCells(
  outcomes: AsyncIterable<Outcome>,
  axes: ComparisonAxes,
): Promise<ComparedCells> {
  const cells = new Map<string, SheetCell>();
  const rows = new Set<string>();
  const columns = new Set<string>();
  let areSimulated = false;
  for await (const outcome of outcomes) {
    const { [axes.rows]: row, [axes.columns]: column } = outcome.tags;
    if (row === undefined || column === undefined) continue;
    areSimulated ||= isSimulated(outcome.service);
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
    areSimulated,
  };
}

function cellOf({ files, metrics, costUsd, estimatedUsd, error, status }: Outcome): SheetCell {
  const original = files.find(({ role, width }) => role === 'original' && width !== null);
  const { width, height } = original ?? {};
  const seconds = metrics.predict_time;
  const facts = [
    typeof seconds === 'number' ? `${seconds.toFixed(1)} s` : '',
    costUsd === null ? '' : `${estimatedUsd === undefined ? '' : '~'}${formatUsd(toMicroUsd(costUsd))}`,
  ];
  return {
    picture: original === undefined ? null : thumbnailPath(original),
    ratio: (width ?? 1) / (height ?? width ?? 1),
    reason: error?.code ?? status,
    title: original === undefined ? '' : facts.filter((fact) => fact !== '').join(' · '),
    text: '',
  };
}

/**
 * The measures of a comparison page: a contact sheet with room for headings beside the rows and
 * above the columns.
 */
interface ComparisonLayout extends SheetLayout {
  /** Distance from the page's edge to the row headings. */
  readonly edgePx: number;
  /** Width of the row headings. */
  readonly headingPx: number;
  /** Height of the page's header and column headings together. */
  readonly topPx: number;
}

const MAX_PAGE_PIXELS = 12_000_000;

/**
 * Returns the layout for a number of columns: few are shown large, many small. A page has at most
 * 12 megapixels.
 */
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

/** Draws the names of the columns, above the images of a page. */
function headingsSvg(columns: readonly string[], layout: ComparisonLayout): string {
  const { widthPx, topPx, headPx, fontPx, marginPx, cellPx, gapPx } = layout;
  const names = columns.map((column, index) => {
    const [words = ''] = wrapText(column, cellPx / fontPx, 1);
    const x = marginPx + index * (cellPx + gapPx);
    return `<text x="${x}" y="${fontPx * 1.3}" font-weight="600" fill="#2b2b28">${escapeXml(words)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${topPx - headPx}" ${sheetFont} font-size="${fontPx}">${names.join('')}</svg>`;
}

/** Draws the name of a row, in as many lines as fit beside its images. */
function rowHeadingSvg(row: string, heightPx: number, { headingPx, fontPx }: ComparisonLayout): string {
  const linePx = fontPx * 1.35;
  const lines = wrapText(row, headingPx / fontPx, Math.max(1, Math.floor(heightPx / linePx)));
  const drawn = lines.map(
    (line, index) =>
      `<text x="0" y="${fontPx + index * linePx}" font-weight="600" fill="#2b2b28">${escapeXml(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${headingPx}" height="${heightPx}" ${sheetFont} font-size="${fontPx}">${drawn.join('')}</svg>`;
}
