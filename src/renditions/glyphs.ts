import { escapeXml, sheetFont } from '../base/text.ts';
import { importPackage } from '../disk/storageError.ts';

/**
 * Finds the characters of a text that no font of this machine has, each once, in their order. A
 * caption shows them as boxes with their number. Blanks and marks that change other letters are
 * left out.
 */
export async function missingGlyphs(text: string): Promise<readonly string[]> {
  const characters = [...new Set(text)].filter((character) => !NOT_DRAWN.test(character));
  if (characters.length === 0) return [];
  const [short = '', long = ''] = await drawings(UNASSIGNED);
  const drawn = await drawings(characters);
  return characters.filter((_character, at) => drawn[at] === short || drawn[at] === long);
}

/** ASCII is in every font; the others have no picture of their own. */
const NOT_DRAWN = /[\p{ASCII}\p{C}\p{M}\p{Z}]/u;
/**
 * Characters that will never exist, so that no font has them: their boxes have two lines of two,
 * and of three digits.
 */
const UNASSIGNED = ['\uFDD0', '\u{10FFFE}'];

const CELL_PX = 64;
const FONT_PX = 32;
const ACROSS = 16;

/**
 * Draws each character and returns the outline of its picture: the two outermost pixels around it.
 */
async function drawings(characters: readonly string[]): Promise<readonly string[]> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const outlines: string[] = [];
  for (let first = 0; first < characters.length; first += ACROSS ** 2) {
    const some = characters.slice(first, first + ACROSS ** 2);
    const { data, info } = await sharp(Buffer.from(sheetOf(some)))
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    for (const at of some.keys()) outlines.push(outlineOf(data, info.width, at));
  }
  return outlines;
}

function sheetOf(characters: readonly string[]): string {
  const heightPx = Math.ceil(characters.length / ACROSS) * CELL_PX;
  const texts = characters.map((character, at) => {
    const { left, top } = cellAt(at);
    return `<text x="${left + 8}" y="${top + 44}">${escapeXml(character)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${ACROSS * CELL_PX}" height="${heightPx}" ${sheetFont} font-size="${FONT_PX}"><rect width="100%" height="100%" fill="#fff"/>${texts.join('')}</svg>`;
}

function cellAt(at: number): { readonly left: number; readonly top: number } {
  return { left: (at % ACROSS) * CELL_PX, top: Math.floor(at / ACROSS) * CELL_PX };
}

/** Below this, of 255, a pixel counts as drawn. */
const DARK = 128;

function outlineOf(data: Uint8Array, widthPx: number, at: number): string {
  const { left, top } = cellAt(at);
  const dark: (readonly [x: number, y: number])[] = [];
  let [fromX, fromY, toX, toY] = [CELL_PX, CELL_PX, -1, -1];
  for (let y = 0; y < CELL_PX; y += 1) {
    for (let x = 0; x < CELL_PX; x += 1) {
      if ((data[(top + y) * widthPx + left + x] ?? 255) >= DARK) continue;
      dark.push([x, y]);
      [fromX, toX] = [Math.min(fromX, x), Math.max(toX, x)];
      [fromY, toY] = [Math.min(fromY, y), Math.max(toY, y)];
    }
  }
  const edge = dark.filter(([x, y]) => x < fromX + 2 || x > toX - 2 || y < fromY + 2 || y > toY - 2);
  return [fromX, fromY, toX, toY, ...edge.map(([x, y]) => y * CELL_PX + x)].join();
}
