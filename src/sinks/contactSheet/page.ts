import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sharp } from 'sharp';
import { escapeXml, sheetFont, wrapText } from '../../base/text.ts';

/** One place on a contact sheet. */
export interface SheetCell {
  /** A small picture or the original, relative to the run folder; null where there is none. */
  readonly picture: string | null;
  /** Width over height. */
  readonly ratio: number;
  /** In place of the picture, where there is none. */
  readonly reason: string;
  /** First line of the caption: the number and what sets the picture apart. */
  readonly title: string;
  /** Second line, quieter. */
  readonly text: string;
}

/** Returns the path of a page: `NAME.jpg` for the first one, then `NAME-2.jpg` and so on. */
export function pagePath(folder: string, name: string, page: number): string {
  return join(folder, page === 1 ? `${name}.jpg` : `${name}-${page}.jpg`);
}

/** Removes this page and those behind it, which an earlier, larger run left. */
export async function removePagesFrom(folder: string, name: string, page: number): Promise<void> {
  for (let number = page; existsSync(pagePath(folder, name, number)); number += 1) {
    await rm(pagePath(folder, name, number));
  }
}

/** What a contact sheet is printed on. */
const PAPER = { r: 250, g: 249, b: 246 };
const CHANNELS = 3;

/** Where the left and the upper or lower edge of a picture lie. */
type PagePlace = { readonly left: number } & ({ readonly top: number } | { readonly bottom: number });

/** A page in the making, as plain pixels: pictures are put on it one by one and forgotten. */
interface Page {
  /** Puts a picture at a place; parts of it that are transparent show the paper. It must not reach over the page's edge. */
  put(picture: Sharp, place: PagePlace): Promise<void>;
  /** The page, cut off at the bottom, as JPEG. */
  toJpeg(heightPx: number): Promise<Buffer>;
  /** Takes everything off. */
  clear(): void;
}

/** Makes an empty page: three bytes a pixel, whatever is put on it. */
export function createPage(widthPx: number, heightPx: number): Page {
  const pixels = Buffer.alloc(widthPx * heightPx * CHANNELS);
  const clear = () => {
    pixels.fill(Buffer.from([PAPER.r, PAPER.g, PAPER.b]));
  };
  clear();
  return {
    clear,
    async put(picture, place) {
      const { data, info } = await picture
        .flatten({ background: PAPER })
        .toColourspace('srgb')
        .raw()
        .toBuffer({ resolveWithObject: true });
      const firstRow = 'top' in place ? place.top : place.bottom - info.height;
      const rowBytes = info.width * CHANNELS;
      for (let row = 0; row < info.height; row += 1) {
        const start = ((firstRow + row) * widthPx + place.left) * CHANNELS;
        data.copy(pixels, start, row * rowBytes, (row + 1) * rowBytes);
      }
    },
    async toJpeg(usedPx) {
      const { default: sharp } = await import('sharp');
      const used = pixels.subarray(0, widthPx * usedPx * CHANNELS);
      return (
        sharp(used, { raw: { width: widthPx, height: usedPx, channels: CHANNELS } })
          // Optimised Huffman tables would save a twentieth of the bytes and keep six more bytes a pixel in memory.
          .jpeg({ quality: 84, optimizeCoding: false })
          .toBuffer()
      );
    },
  };
}

/** How the pictures of a run lie on its contact sheet; lengths in pixels. */
export interface SheetLayout {
  readonly columns: number;
  /** Longest side of a picture. */
  readonly cellPx: number;
  readonly gapPx: number;
  readonly marginPx: number;
  /** Head of every page. */
  readonly headPx: number;
  /** Letters of the captions. */
  readonly fontPx: number;
  /** Below each row of pictures, the gap to the next one included. */
  readonly captionPx: number;
  readonly widthPx: number;
  /** A page is not higher. */
  readonly maxHeightPx: number;
}

/** A page beyond this is unwieldy for whoever gets it by mail: 1 to 3 MB as JPEG. */
const MAX_PAGE_PIXELS = 8_000_000;

/** Few pictures are shown large, many small; what does not fit on a page of 8 megapixels goes on the next. */
export function sheetLayout(pictures: number): SheetLayout {
  const columns = Math.min(12, Math.max(2, Math.ceil(Math.sqrt(pictures))));
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

/** Draws a row on a page: the pictures, or why there are none, and their captions. One that cannot be read leaves its place empty. */
export async function drawRow(
  page: Page,
  cells: readonly SheetCell[],
  topPx: number,
  layout: SheetLayout,
  folder: string,
): Promise<void> {
  const { default: sharp } = await import('sharp');
  const { cellPx, marginPx, gapPx } = layout;
  const heightPx = rowHeight(cells, cellPx);
  const bottom = topPx + heightPx;
  const drawn = cells.map(async ({ picture, reason }, column) => {
    const left = marginPx + column * (cellPx + gapPx);
    const shown =
      picture === null
        ? sharp(Buffer.from(frameSvg(reason, heightPx, layout)))
        : sharp(join(folder, picture), { autoOrient: true }).resize({
            width: cellPx,
            height: cellPx,
            fit: 'inside',
          });
    // Pictures stand on the line above their captions.
    await page.put(shown, { left, bottom }).catch(() => {});
  });
  await Promise.all(drawn);
  await page.put(sharp(Buffer.from(captionsSvg(cells, layout))), { left: 0, top: bottom });
}

/** How high the pictures of a row are: as the highest of them, fitted into its square. */
export function rowHeight(cells: readonly SheetCell[], cellPx: number): number {
  return Math.max(...cells.map(({ ratio }) => Math.min(cellPx, Math.ceil(cellPx / ratio))));
}

/** What stands where there is no picture: a frame with the reason. */
function frameSvg(reason: string, heightPx: number, { cellPx, fontPx }: SheetLayout): string {
  const [words = ''] = wrapText(reason, cellPx / fontPx, 1);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${cellPx}" height="${heightPx}" ${sheetFont} font-size="${fontPx}">
<rect x="0.5" y="0.5" width="${cellPx - 1}" height="${heightPx - 1}" fill="#f1efea" stroke="#d9d6cf"/>
<text x="${cellPx / 2}" y="${heightPx / 2}" text-anchor="middle" fill="#8a3b2e">${escapeXml(words)}</text></svg>`;
}

/** The captions of a row: two lines below each picture. */
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

/** The head of a page: whose pictures these are, and a note at the right. */
export function headSvg(name: string, note: string, { widthPx, headPx, marginPx }: SheetLayout): string {
  const [title = ''] = wrapText(name, (widthPx - 2 * marginPx) / NAME_PX / 2, 1);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${headPx}" ${sheetFont}>
<text x="${marginPx}" y="58" font-size="${NAME_PX}" fill="#2b2b28">${escapeXml(title)}</text>
<text x="${widthPx - marginPx}" y="58" font-size="${NOTE_PX}" text-anchor="end" fill="#6f6d67">${escapeXml(note)}</text></svg>`;
}
