import { type BytesReader, cut, damaged, StructureFault, windowBytes } from './bytesReader.ts';
import type { ImageFacts } from './imageFacts.ts';
import { createMarkupScanner, type MarkupScanner } from './markup.ts';

/** Measured with librsvg: each element, and each byte of text. */
const BYTES_PER_ELEMENT = 7_000;
const BYTES_PER_BYTE = 4;

/** The size at which browsers draw an SVG that states none. */
const UNSTATED = { widthPx: 300, heightPx: 150 };

/**
 * Reads an SVG to its end: it must be one element `svg` whose elements are all closed. Its size is
 * that of the root element, at 72 dots per inch. The memory and time to draw it are unknown.
 */
export async function readSvgFacts(reader: BytesReader): Promise<ImageFacts> {
  const { root, elements } = await readMarkup(reader);
  if (!/^svg[\s/>]/.test(`${root}>`)) throw damaged('its root is no svg');
  const bytes = elements * BYTES_PER_ELEMENT + reader.size * BYTES_PER_BYTE;
  return { format: 'svg', ...sizeOf(root), memory: { full: bytes, shrunk: bytes }, isUnbounded: true };
}

/** Returns true if a file is XML with the root `svg`, however much stands before it. */
export async function isSvgMarkup(reader: BytesReader): Promise<boolean> {
  const start = (await reader.readUpTo(0, 1_000)).toString('latin1').trimStart();
  if (!start.startsWith('<')) return false;
  try {
    return /^svg[\s/>]/.test(`${(await readMarkup(reader)).root}>`);
  } catch (error) {
    if (error instanceof StructureFault) return false;
    throw error;
  }
}

/**
 * Returns an SVG without the comments and instructions before its root: libvips looks for the root
 * at the beginning only.
 */
export function withoutPreamble(svg: Buffer): Buffer {
  const text = svg.toString('latin1');
  const kept: string[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf('<', at);
    const opaque = OPAQUE.find(([begin]) => text.startsWith(begin, start));
    if (start < 0 || opaque === undefined) break;
    const end = text.indexOf(opaque[1], start + opaque[0].length);
    if (end < 0) break;
    at = end + opaque[1].length;
    // The declaration names the encoding.
    if (text.startsWith('<?xml ', start)) kept.push(text.slice(start, at));
  }
  return at === 0 ? svg : Buffer.from(kept.join('') + text.slice(at), 'latin1');
}

const OPAQUE = [
  ['<!--', '-->'],
  ['<?', '?>'],
] as const;

/** Reads XML to its end: it must be one element whose elements are all closed. */
export async function readMarkup(reader: BytesReader): Promise<MarkupScanner> {
  const scanner = createMarkupScanner();
  for (let at = 0; at < reader.size; ) {
    const bytes = await reader.readUpTo(at, windowBytes);
    if (bytes.length === 0) throw cut();
    // Syntax is ASCII; other letters may look odd here, but do no harm.
    scanner.push(bytes.toString('latin1'));
    at += bytes.length;
  }
  if (!scanner.isClosed) throw cut();
  return scanner;
}

/** Dots per unit, at 72 dots per inch and a font of 12 px. */
const UNITS: Readonly<Record<string, number>> = {
  ...{ '': 1, px: 1, pt: 1, in: 72, cm: 72 / 2.54, mm: 72 / 25.4, pc: 12, em: 12, ex: 6 },
};

/** Returns the size that the attributes of a root element state. */
function sizeOf(root: string): { widthPx: number; heightPx: number } {
  const attribute = (name: string) =>
    new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(root)?.slice(1).join('');
  const length = (name: string): number | null => {
    const [, number, unit = ''] =
      /^\s*\+?(\d*\.?\d+(?:e[-+]?\d+)?)([a-z%]*)\s*$/i.exec(attribute(name) ?? '') ?? [];
    const dots = UNITS[unit.toLowerCase()];
    return number === undefined || dots === undefined ? null : Number(number) * dots;
  };
  const [, , viewWidth = 0, viewHeight = 0] = (attribute('viewBox') ?? '')
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const hasView = viewWidth > 0 && viewHeight > 0;
  const ratio = hasView ? viewWidth / viewHeight : 1;
  const [width, height] = [length('width'), length('height')];
  const wanted = hasView ? [viewWidth, viewHeight] : [UNSTATED.widthPx, UNSTATED.heightPx];
  const widthPx = width ?? (height !== null && hasView ? height * ratio : wanted[0]);
  const heightPx = height ?? (width !== null && hasView ? width / ratio : wanted[1]);
  return { widthPx: whole(widthPx), heightPx: whole(heightPx) };
}

function whole(px: number | undefined): number {
  return Math.min(1e9, Math.max(1, Math.round(px ?? 1)));
}
