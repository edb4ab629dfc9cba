import { basename, join } from 'node:path';
import { escapeXml, sheetFont, wrapText } from '../../base/text.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { importPackage } from '../../disk/storageError.ts';
import { writeAtomically } from '../../disk/writeFiles.ts';
import { openDecodingNotes } from '../../images/decodingNotes.ts';
import { inspectImage } from '../../images/inspectImage.ts';
import { withImage } from '../../images/openImage.ts';
import type { RefinementHistory } from './history.ts';
import {
  type LineageColumn,
  type LineageLayout,
  lineageLayout,
  lineageTree,
  type PlacedNode,
} from './lineageLayout.ts';

/** Images decoded at the same time. */
const AT_A_TIME = 4;
const MAX_INPUT_PIXELS = 0x3fff * 0x3fff;
/** Longest side of the PNG: viewers and browsers still show it. */
const MOST_PNG_PX = 16_000;

export interface LineageConfig {
  /** True to state in the title that no model made the images. Default false. */
  isSimulated?: boolean;
}

/**
 * Draws the lineage of a refinement into the run folder: `lineage.svg`, which needs no other file,
 * and `lineage.png`. An image that cannot be read leaves an empty frame. Rejects with
 * `StorageError` if a file cannot be written.
 */
export async function writeLineage(
  folder: string,
  history: RefinementHistory,
  { isSimulated = false }: LineageConfig = {},
): Promise<void> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const tree = lineageTree(history);
  const layout = lineageLayout(tree, await aspectOf(folder, tree));
  const title = isSimulated ? `${basename(folder)} · simulated` : basename(folder);
  const svg = lineageSvg(title, layout, await readImages(folder, layout));
  await writeAtomically(join(folder, 'lineage.svg'), svg);
  const scale = Math.min(2, MOST_PNG_PX / Math.max(layout.heightPx, layout.widthPx));
  const png = await sharp(Buffer.from(svg), { density: 72 * scale, limitInputPixels: MAX_INPUT_PIXELS })
    .png({ palette: true, quality: 90 })
    .toBuffer();
  await writeAtomically(join(folder, 'lineage.png'), png);
}

/** Returns the aspect ratio of the first image that can be read: most others have the same. */
async function aspectOf(folder: string, tree: readonly LineageColumn[]): Promise<number> {
  const sizeOf = async (path: string) => inspectImage(insideFolder(folder, path));
  for (const { path } of tree.flatMap(({ nodes }) => nodes)) {
    const found = path === null ? null : await sizeOf(path).catch(() => null);
    if (found !== null) return Math.min(3, Math.max(1 / 3, found.widthPx / found.heightPx));
  }
  return 1;
}

async function readImages(folder: string, layout: LineageLayout): Promise<Map<number, string>> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const found = new Map<number, string>();
  const nodes = layout.columns.flatMap((column) => column.nodes.filter(({ isCarried }) => !isCarried));
  // Twice the shown size for sharp zooming; the shown size if there are very many.
  const scale = nodes.length > 200 ? 1 : 2;
  const [widthPx, heightPx] = [scale * layout.cellWidthPx, scale * layout.cellHeightPx];
  const notes = openDecodingNotes(folder);
  const wanted = { fit: 'cover', boxes: [{ widthPx, heightPx }] } as const;
  const draw = async (path: string) =>
    withImage(insideFolder(folder, path), { wanted, notes }, ({ input, options }) =>
      sharp(input, options)
        .resize(widthPx, heightPx, { fit: 'cover' })
        .flatten({ background: '#fff' })
        .jpeg({ quality: 74 })
        .toBuffer(),
    );
  for (let at = 0; at < nodes.length; at += AT_A_TIME) {
    const some = nodes.slice(at, at + AT_A_TIME).map(async ({ index, path }) => {
      if (path === null) return;
      const image = await draw(path).catch(() => null);
      if (image !== null) found.set(index, `data:image/jpeg;base64,${image.toString('base64')}`);
    });
    await Promise.all(some);
  }
  return found;
}

const INK = '#2b2b28';
const QUIET = '#6f6d67';
const LINE = '#bfbab0';
const KEPT = '#b3541e';

/**
 * Draws the lineage as a standalone SVG. `images` are `data:` URLs by job index; a missing one
 * becomes a frame with the reason.
 */
export function lineageSvg(
  title: string,
  layout: LineageLayout,
  images: ReadonlyMap<number, string>,
): string {
  const { widthPx, heightPx, marginPx, fontPx, columns } = layout;
  const lines = columns.flatMap(({ nodes }, index) =>
    nodes
      // Grey lines first, so that none covers a line to a kept candidate.
      .toSorted((a, b) => Number(a.kept) - Number(b.kept))
      .map((node) =>
        line(
          columns[index - 1]?.nodes.find((parent) => parent.index === node.from),
          node,
          layout,
        ),
      ),
  );
  const nodes = columns.flatMap((column) =>
    column.nodes.map((node) => drawn(node, images.get(node.index), layout)),
  );
  const heads = columns.map(({ round, bestScore, x }) => {
    const name = round === 0 ? 'Candidates' : `Round ${round}`;
    const best = bestScore === null ? 'none rated' : `best so far ${bestScore.toFixed(3)}`;
    return `<text x="${x}" y="78" font-size="15" fill="${INK}">${name}</text><text x="${x}" y="97" font-size="12" fill="${QUIET}">${best}</text>`;
  });
  const [words = ''] = wrapText(title, (widthPx - 2 * marginPx) / 24, 1);
  const note = 'thick frame: kept · dashed: from an earlier round · in a circle: final rank';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}" ${sheetFont} font-size="${fontPx}">
<rect width="100%" height="100%" fill="#faf9f6"/>
<text x="${marginPx}" y="46" font-size="24" fill="${INK}">${escapeXml(words)}</text>
${heads.join('\n')}
${lines.join('\n')}
${nodes.join('\n')}
<text x="${marginPx}" y="${heightPx - 18}" font-size="11" fill="${QUIET}">${note}</text>
</svg>
`;
}

function line(
  parent: PlacedNode | undefined,
  node: PlacedNode,
  { cellWidthPx, cellHeightPx }: LineageLayout,
): string {
  if (parent === undefined) return '';
  const fromX = parent.x + cellWidthPx;
  const fromY = parent.y + cellHeightPx / 2;
  const toY = node.y + cellHeightPx / 2;
  const middle = node.x - cellWidthPx * 0.4;
  const look = node.kept ? `stroke="${KEPT}" stroke-width="2.5"` : `stroke="${LINE}" stroke-width="1.5"`;
  return `<path d="M${fromX} ${fromY}C${middle} ${fromY} ${middle} ${toY} ${node.x} ${toY}" fill="none" ${look}${dashes(node)}/>`;
}

function drawn(node: PlacedNode, image: string | undefined, layout: LineageLayout): string {
  const { cellWidthPx: width, cellHeightPx: height, fontPx } = layout;
  const { x, y, index, score, kept, status } = node;
  const frame = `${kept ? `stroke="${KEPT}" stroke-width="5"` : `stroke="${LINE}"`}${dashes(node)}`;
  const reason = status === 'saved' ? 'no picture' : status;
  const inside =
    image === undefined
      ? `<text x="${x + width / 2}" y="${y + height / 2}" text-anchor="middle" fill="#8a3b2e">${reason}</text>`
      : `<image href="${image}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
  const caption = score === null ? '' : score.toFixed(3);
  const base = y + height + fontPx * 1.4;
  const box = `x="${x}" y="${y}" width="${width}" height="${height}"`;
  return `<g><rect ${box} fill="#f1efea"/>${inside}<rect ${box} fill="none" ${frame}/>
<text x="${x}" y="${base}" fill="${QUIET}">#${index + 1}</text><text x="${x + width}" y="${base}" text-anchor="end" fill="${INK}">${caption}</text>${badge(node, width)}</g>`;
}

function dashes({ isCarried }: PlacedNode): string {
  return isCarried ? ' stroke-dasharray="7 5"' : '';
}

function badge({ rank, x, y }: PlacedNode, widthPx: number): string {
  if (rank === null) return '';
  const radius = widthPx * 0.095;
  const [left, top] = [x + widthPx - radius, y + radius];
  return `<circle cx="${left}" cy="${top}" r="${radius}" fill="${KEPT}"/><text x="${left}" y="${top + radius * 0.42}" font-size="${radius * 1.2}" font-weight="bold" text-anchor="middle" fill="#fff">${rank}</text>`;
}
