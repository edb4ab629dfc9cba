import { escapeXml } from '../../../escapeXml.ts';
import { wrapText } from '../../../wrapText.ts';
import { sheetFont } from '../../contactSheet/sheetFont.ts';
import type { LineageLayout, PlacedNode } from './lineageLayout.ts';

const INK = '#2b2b28';
const QUIET = '#6f6d67';
const LINE = '#bfbab0';
const KEPT = '#b3541e';

/** The lineage as an SVG that stands alone. `pictures` are `data:` URLs by index; one that is missing leaves a frame with the reason. */
export function lineageSvg(
  title: string,
  layout: LineageLayout,
  pictures: ReadonlyMap<number, string>,
): string {
  const { widthPx, heightPx, marginPx, fontPx, columns } = layout;
  const lines = columns.flatMap(({ nodes }, place) =>
    nodes
      // Quiet lines first, so that none crosses over one that counts.
      .toSorted((a, b) => Number(a.kept) - Number(b.kept))
      .map((node) =>
        line(
          columns[place - 1]?.nodes.find(({ index }) => index === node.from),
          node,
          layout,
        ),
      ),
  );
  const nodes = columns.flatMap((column) =>
    column.nodes.map((node) => drawn(node, pictures.get(node.index), layout)),
  );
  const heads = columns.map(({ round, bestScore, x }) => {
    const name = round === 0 ? 'Candidates' : `Round ${round}`;
    const best = bestScore === null ? 'none rated' : `best so far ${bestScore.toFixed(3)}`;
    return `<text x="${x}" y="78" font-size="15" fill="${INK}">${name}</text><text x="${x}" y="97" font-size="12" fill="${QUIET}">${best}</text>`;
  });
  const [words = ''] = wrapText(title, (widthPx - 2 * marginPx) / 24, 1);
  const note = 'thick frame: kept · dashed: from an earlier round · in a circle: rank in the end';
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

function drawn(node: PlacedNode, picture: string | undefined, layout: LineageLayout): string {
  const { cellWidthPx: width, cellHeightPx: height, fontPx } = layout;
  const { x, y, index, score, kept, status } = node;
  const frame = `${kept ? `stroke="${KEPT}" stroke-width="5"` : `stroke="${LINE}"`}${dashes(node)}`;
  const reason = status === 'saved' ? 'no picture' : status;
  const inside =
    picture === undefined
      ? `<text x="${x + width / 2}" y="${y + height / 2}" text-anchor="middle" fill="#8a3b2e">${reason}</text>`
      : `<image href="${picture}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
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
