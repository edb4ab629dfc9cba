import { basename } from 'node:path';
import { importPackage } from '../../disk/storageError.ts';
import { writeAtomically } from '../../disk/writeFiles.ts';
import type { Outcome } from '../../types.ts';
import type { Thumbnails } from '../gallery/thumbnails.ts';
import {
  createPage,
  drawRow,
  headSvg,
  pagePath,
  removePagesFrom,
  rowHeight,
  type SheetCell,
  sheetLayout,
} from './page.ts';

const FILE_NAME = 'contact-sheet';

/**
 * Images on contact sheets, at most: more would take minutes to draw, and are too many to look at.
 */
const MAX_CELLS = 600;

export interface ContactSheetConfig {
  /** True to state at its head that no model made the images. Default false. */
  isSimulated?: boolean;
}

/**
 * Writes `contact-sheet.jpg` into the run folder, and `contact-sheet-2.jpg`, … if one page is not
 * enough. `total` is the number of cells; only the first 600 are drawn. Memory: one row of decoded
 * images and the page, at most 24 MB. Rejects with `StorageError` if a page cannot be written.
 */
export async function writeContactSheet(
  folder: string,
  cells: AsyncIterable<SheetCell>,
  total: number,
  { isSimulated = false }: ContactSheetConfig = {},
): Promise<void> {
  const shown = Math.min(total, MAX_CELLS);
  const layout = sheetLayout(shown);
  const { columns, cellPx, captionPx, widthPx, headPx, marginPx, maxHeightPx } = layout;
  const page = createPage(widthPx, maxHeightPx);
  const counts = shown < total ? `the first ${shown} of ${total}` : `${total} in all`;
  let number = 1;
  let top = headPx;
  const endPage = async (isLast: boolean) => {
    const pages = isLast && number === 1 ? counts : `${counts} · page ${number}`;
    const note = isSimulated ? `simulated · ${pages}` : pages;
    const { default: sharp } = await importPackage('sharp', () => import('sharp'));
    await page.put(sharp(Buffer.from(headSvg(basename(folder), note, layout))), { left: 0, top: 0 });
    await writeAtomically(
      pagePath(folder, FILE_NAME, number),
      await page.toJpeg(Math.min(maxHeightPx, top + marginPx)),
    );
    if (!isLast) page.clear();
    number += 1;
    top = headPx;
  };
  for await (const row of inRows(cells, columns, shown)) {
    const rowPx = rowHeight(row, cellPx) + captionPx;
    if (top + rowPx > maxHeightPx) await endPage(false);
    await drawRow(page, row, top, layout, folder);
    top += rowPx;
  }
  if (top > headPx) await endPage(true);
  await removePagesFrom(folder, FILE_NAME, number);
}

async function* inRows(
  cells: AsyncIterable<SheetCell>,
  columns: number,
  max: number,
): AsyncGenerator<SheetCell[]> {
  let row: SheetCell[] = [];
  let count = 0;
  for await (const cell of cells) {
    if (count === max) break;
    row.push(cell);
    count += 1;
    if (row.length < columns) continue;
    yield row;
    row = [];
  }
  if (row.length > 0) yield row;
}

/** Caption texts are cut here: the sheet has no room for more. */
const MAX_TEXT_CHARS = 200;

/**
 * Returns the cells of an outcome on the contact sheet: one for each original, one for a failure,
 * none for a job that never began. The caption shows the job's number, tags and prompt.
 */
export function sheetCells(outcome: Outcome, thumbnails: Pick<Thumbnails, 'pathOf'>): SheetCell[] {
  const { index, status, tags, prompt, files, error } = outcome;
  const number = String(index + 1);
  const words = Object.values(tags).filter((value) => value !== '');
  const caption = {
    title: [number, ...words].join(' · ').slice(0, MAX_TEXT_CHARS),
    text: prompt.slice(0, MAX_TEXT_CHARS),
  };
  const pictures = files
    .filter(({ role }) => role === 'original')
    .map((file) => ({
      ...caption,
      picture: file.width === null ? null : (thumbnails.pathOf(file) ?? file.path),
      ratio: (file.width ?? 1) / (file.height ?? file.width ?? 1),
      reason: file.format,
    }));
  if (status !== 'failed') return pictures;
  return [...pictures, { ...caption, picture: null, ratio: 1, reason: error?.code ?? 'failed' }];
}
