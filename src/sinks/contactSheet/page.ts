import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sharp } from 'sharp';
import { escapeXml, sheetFont, wrapText } from '../../base/text.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { importPackage } from '../../disk/storageError.ts';
import { withImage } from '../../images/openImage.ts';

/** One cell of a contact sheet. */
export interface SheetCell {
  /** Path of a thumbnail or the original, relative to the run folder; null if there is no image. */
  readonly picture: string | null;
  /** Width over height. */
  readonly ratio: number;
  /** Shown instead of the image if there is none. */
  readonly reason: string;
  /** First line of the caption: the job's number and tags. */
  readonly title: string;
  /** Second line of the caption, in grey. */
  readonly text: string;
}

/** Returns the path of a page: `NAME.jpg` for the first one, then `NAME-2.jpg` and so on. */
export function pagePath(folder: string, name: string, page: number): string {
  return join(folder, page === 1 ? `${name}.jpg` : `${name}-${page}.jpg`);
}

/** Removes this page and those behind it, which an earlier, larger run left. */
export async function removePagesFrom(folder: string, name: string, page: number): Promise<void> {
  for (let number = page; ; number += 1) {
    const isGone = await rm(pagePath(folder, name, number)).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

/** The background of a contact sheet. */
const PAPER = { r: 250, g: 249, b: 246 };
const CHANNELS = 3;

/** The position of an image: its left edge and its upper or lower edge, in pixels. */
type PagePosition = { readonly left: number } & ({ readonly top: number } | { readonly bottom: number });

/** A page that is being drawn, as raw pixels: no image stays in memory after it is drawn. */
interface Page {
  /**
   * Draws an image; the paper shows through transparent parts. It must not reach over the page's
   * edge.
   */
  put(image: Sharp, position: PagePosition): Promise<void>;
  /** Returns the page as JPEG, cropped to a height. */
  toJpeg(heightPx: number): Promise<Buffer>;
  /** Erases the page. */
  clear(): void;
}

/** Creates an empty page. Memory: three bytes a pixel. */
export function createPage(widthPx: number, heightPx: number): Page {
  const pixels = Buffer.alloc(widthPx * heightPx * CHANNELS);
  const clear = () => {
    pixels.fill(Buffer.from([PAPER.r, PAPER.g, PAPER.b]));
  };
  clear();
  return {
    clear,
    async put(image, position) {
      const { data, info } = await image
        .flatten({ background: PAPER })
        .toColourspace('srgb')
        .raw()
        .toBuffer({ resolveWithObject: true });
      const firstRow = 'top' in position ? position.top : position.bottom - info.height;
      const rowBytes = info.width * CHANNELS;
      for (let row = 0; row < info.height; row += 1) {
        const start = ((firstRow + row) * widthPx + position.left) * CHANNELS;
        data.copy(pixels, start, row * rowBytes, (row + 1) * rowBytes);
      }
    },
    async toJpeg(usedPx) {
      const { default: sharp } = await importPackage('sharp', () => import('sharp'));
      const used = pixels.subarray(0, widthPx * usedPx * CHANNELS);
      return (
        sharp(used, { raw: { width: widthPx, height: usedPx, channels: CHANNELS } })
          // Optimised Huffman tables would save 5 % of the file and take six more bytes of memory a
          // pixel.
          .jpeg({ quality: 84, optimizeCoding: false })
          .toBuffer()
      );
    },
  };
}

/** The measures of a contact sheet, in pixels. */
export interface SheetLayout {
  readonly columns: number;
  /** Longest side of an image. */
  readonly cellPx: number;
  readonly gapPx: number;
  readonly marginPx: number;
  /** Height of the header of every page. */
  readonly headPx: number;
  /** Font size of the captions. */
  readonly fontPx: number;
  /** Height of the captions below a row, with the gap to the next row. */
  readonly captionPx: number;
  readonly widthPx: number;
  /** Height of a full page. */
  readonly maxHeightPx: number;
}

/** Pixels of a page, at most: 1 to 3 MB as JPEG, which is still handy as an attachment. */
const MAX_PAGE_PIXELS = 8_000_000;

/**
 * Returns the layout for a number of images: few are shown large, many small. A page has at most 8
 * megapixels.
 */
export function sheetLayout(images: number): SheetLayout {
  const columns = Math.min(12, Math.max(2, Math.ceil(Math.sqrt(images))));
  const cellPx = columns <= 5 ? 400 : columns <= 8 ? 300 : 220;
  const gapPx = Math.round(cellPx / 15);
  const marginPx = gapPx * 2;
  const fontPx = Math.max(13, Math.round(cellPx / 20));
  const widthPx = 2 * marginPx + columns * cellPx + (columns - 1) * gapPx;
  return {
    columns,
    cellPx,
    gapPx,
    marginPx,
    headPx: 96,
    fontPx,
    captionPx: Math.round(fontPx * 3.4) + gapPx,
    widthPx,
    maxHeightPx: Math.floor(MAX_PAGE_PIXELS / widthPx),
  };
}

/**
 * Draws a row of images, or the reasons why there are none, and their captions. Leaves a cell empty
 * if its image cannot be read.
 */
export async function drawRow(
  page: Page,
  cells: readonly SheetCell[],
  topPx: number,
  layout: SheetLayout,
  folder: string,
): Promise<void> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const { cellPx, marginPx, gapPx } = layout;
  const heightPx = rowHeight(cells, cellPx);
  const bottom = topPx + heightPx;
  const drawn = cells.map(async ({ picture, reason }, column) => {
    const left = marginPx + column * (cellPx + gapPx);
    const position = { left, bottom };
    if (picture === null) return page.put(sharp(Buffer.from(frameSvg(reason, heightPx, layout))), position);
    // Images are aligned at the bottom, above their captions.
    try {
      await putFile(page, insideFolder(folder, picture), cellPx, position);
    } catch {
      // The cell stays empty.
    }
  });
  await Promise.all(drawn);
  await page.put(sharp(Buffer.from(captionsSvg(cells, layout))), { left: 0, top: bottom });
}

/** Draws the image of a file, within a square. A large one, which has no thumbnail, is left out. */
async function putFile(page: Page, path: string, sidePx: number, position: PagePosition): Promise<void> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const wanted = { fit: 'inside', boxes: [{ widthPx: sidePx, heightPx: sidePx }] } as const;
  await withImage(path, { wanted, onlySmall: true }, ({ input, options }) =>
    page.put(sharp(input, options).resize({ width: sidePx, height: sidePx, fit: 'inside' }), position),
  );
}

/** The height of a row, in pixels: that of its highest image, fitted into a square cell. */
export function rowHeight(cells: readonly SheetCell[], cellPx: number): number {
  return Math.max(...cells.map(({ ratio }) => Math.min(cellPx, Math.ceil(cellPx / ratio))));
}

/** Draws a frame with the reason why there is no image. */
function frameSvg(reason: string, heightPx: number, { cellPx, fontPx }: SheetLayout): string {
  const [words = ''] = wrapText(reason, cellPx / fontPx, 1);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${cellPx}" height="${heightPx}" ${sheetFont} font-size="${fontPx}">
<rect x="0.5" y="0.5" width="${cellPx - 1}" height="${heightPx - 1}" fill="#f1efea" stroke="#d9d6cf"/>
<text x="${cellPx / 2}" y="${heightPx / 2}" text-anchor="middle" fill="#8a3b2e">${escapeXml(words)}</text></svg>`;
}

/** Draws the captions of a row: two lines below each image. */
function captionsSvg(cells: readonly SheetCell[], layout: SheetLayout): string {
  const { widthPx, fontPx, captionPx, marginPx, cellPx, gapPx } = layout;
  const fitted = (words: string): string => escapeXml(wrapText(words, cellPx / fontPx, 1)[0] ?? '');
  const drawn = cells.map(({ title, text }, column) => {
    const x = marginPx + column * (cellPx + gapPx);
    return `<text x="${x}" y="${fontPx * 1.5}" fill="#2b2b28">${fitted(title)}</text>
<text x="${x}" y="${fontPx * 2.85}" fill="#6f6d67">${fitted(text)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${captionPx}" ${sheetFont} font-size="${fontPx}">${drawn.join('')}</svg>`;
}

const NAME_PX = 30;
const NOTE_PX = 18;

/** Draws the header of a page: a name at the left, a note at the right. */
export function headSvg(name: string, note: string, { widthPx, headPx, marginPx }: SheetLayout): string {
  const [title = ''] = wrapText(name, (widthPx - 2 * marginPx) / NAME_PX / 2, 1);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${headPx}" ${sheetFont}>
<text x="${marginPx}" y="58" font-size="${NAME_PX}" fill="#2b2b28">${escapeXml(title)}</text>
<text x="${widthPx - marginPx}" y="58" font-size="${NOTE_PX}" text-anchor="end" fill="#6f6d67">${escapeXml(note)}</text></svg>`;
}
