import { escapeXml } from '../../../escapeXml.ts';
import { wrapText } from '../../../wrapText.ts';
import { sheetFont } from '../../contactSheet/sheetFont.ts';
import type { LineageLayout, PlacedNode } from './lineageLayout.ts';

const INK = '#2b2b28';
const QUIET = '#6f6d67';
const LINE = '#d3cfc6';
const KEPT = '#b3541e';

/** The lineage as an SVG that stands alone. `pictures` are `data:` URLs by index; one that is missing leaves a frame with the reason. */
export function lineageSvg(
  title: string,
  layout: LineageLayout,
  pictures: ReadonlyMap<number, string>,
): string {
  const { widthPx, heightPx, marginPx, fontPx, columns } = layout;
  const placed = new Map(columns.flatMap(({ nodes }) => nodes.map((node) => [node.index, node])));
  const edges = [...placed.values()]
    // Quiet lines first, so that none crosses over one that counts.
    .toSorted((a, b) => Number(a.isKept) - Number(b.isKept))
    .map((node) => edge(placed.get(node.parent ?? -1), node, layout));
  const nodes = [...placed.values()].map((node) => drawn(node, pictures.get(node.index), layout));
  const heads = columns.map(({ round, bestScore, x }) => {
    const name = round === 0 ? 'Candidates' : `Round ${round}`;
    const best = bestScore === null ? 'none rated' : `best so far ${bestScore.toFixed(3)}`;
    return `<text x="${x}" y="78" font-size="15" fill="${INK}">${name}</text><text x="${x}" y="97" font-size="12" fill="${QUIET}">${best}</text>`;
  });
  const [words = ''] = wrapText(title, (widthPx - 2 * marginPx) / 24, 1);
  const note = 'thick frame: refined further or among the best · in a circle: rank in the end';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}" ${sheetFont} font-size="${fontPx}">
<rect width="100%" height="100%" fill="#faf9f6"/>
<text x="${marginPx}" y="46" font-size="24" fill="${INK}">${escapeXml(words)}</text>
${heads.join('\n')}
${edges.join('\n')}
${nodes.join('\n')}
<text x="${marginPx}" y="${heightPx - 18}" font-size="11" fill="${QUIET}">${note}</text>
</svg>
`;
}

function edge(parent: PlacedNode | undefined, node: PlacedNode, { cellPx }: LineageLayout): string {
  if (parent === undefined) return '';
  const fromX = parent.x + cellPx;
  const fromY = parent.y + cellPx / 2;
  const toY = node.y + cellPx / 2;
  const middle = node.x - cellPx * 0.5;
  const look = node.isKept ? `stroke="${KEPT}" stroke-width="2.5"` : `stroke="${LINE}" stroke-width="1.5"`;
  return `<path d="M${fromX} ${fromY}C${middle} ${fromY} ${middle} ${toY} ${node.x} ${toY}" fill="none" ${look}/>`;
}

function drawn(node: PlacedNode, picture: string | undefined, { cellPx, fontPx }: LineageLayout): string {
  const { x, y, index, score, isKept, rank, status } = node;
  const frame = isKept ? `stroke="${KEPT}" stroke-width="4"` : `stroke="${LINE}"`;
  const inside =
    picture === undefined
      ? `<text x="${x + cellPx / 2}" y="${y + cellPx / 2}" text-anchor="middle" fill="#8a3b2e">${status === 'saved' ? 'no picture' : status}</text>`
      : `<image href="${picture}" x="${x}" y="${y}" width="${cellPx}" height="${cellPx}"/>`;
  const caption = score === null ? '' : score.toFixed(3);
  const base = y + cellPx + fontPx * 1.35;
  return `<g><rect x="${x}" y="${y}" width="${cellPx}" height="${cellPx}" fill="#f1efea" ${frame}/>${inside}
<text x="${x}" y="${base}" fill="${QUIET}">#${index + 1}</text><text x="${x + cellPx}" y="${base}" text-anchor="end" fill="${INK}">${caption}</text>${badge(rank, node, cellPx)}</g>`;
}

function badge(rank: number | null, { x, y }: PlacedNode, cellPx: number): string {
  if (rank === null) return '';
  const radius = cellPx * 0.13;
  return `<circle cx="${x + cellPx}" cy="${y}" r="${radius}" fill="${KEPT}"/><text x="${x + cellPx}" y="${y + radius * 0.42}" font-size="${radius * 1.2}" font-weight="bold" text-anchor="middle" fill="#fff">${rank}</text>`;
}
