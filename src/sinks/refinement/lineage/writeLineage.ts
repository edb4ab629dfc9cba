import { basename, join } from 'node:path';
import { writeAtomically } from '../../writeAtomically.ts';
import type { RefinementHistory } from '../RefinementHistory.ts';
import { type LineageLayout, lineageLayout } from './lineageLayout.ts';
import { lineageSvg } from './lineageSvg.ts';
import { type LineageColumn, lineageTree } from './lineageTree.ts';

/** Pictures decoded at the same time. */
const AT_A_TIME = 4;
const MAX_INPUT_PIXELS = 0x3fff * 0x3fff;
/** A side that viewers and browsers still show. */
const MOST_PNG_PX = 16_000;

/**
 * Draws the lineage of a refinement into the run folder: `lineage.svg`, which needs no other file, and `lineage.png`. A picture that
 * cannot be read leaves its place empty. Rejects with `StorageError` where the disk refuses.
 */
export async function writeLineage(folder: string, history: RefinementHistory): Promise<void> {
  const { default: sharp } = await import('sharp');
  const tree = lineageTree(history);
  const layout = lineageLayout(tree, await aspectOf(folder, tree));
  const svg = lineageSvg(basename(folder), layout, await readPictures(folder, layout));
  await writeAtomically(join(folder, 'lineage.svg'), svg);
  const scale = Math.min(2, MOST_PNG_PX / Math.max(layout.heightPx, layout.widthPx));
  const png = await sharp(Buffer.from(svg), { density: 72 * scale, limitInputPixels: MAX_INPUT_PIXELS })
    .png({ palette: true, quality: 90 })
    .toBuffer();
  await writeAtomically(join(folder, 'lineage.png'), png);
}

/** Of the first picture that can be read; the others mostly have the same. */
async function aspectOf(folder: string, tree: readonly LineageColumn[]): Promise<number> {
  const { default: sharp } = await import('sharp');
  for (const { path } of tree.flatMap(({ nodes }) => nodes)) {
    const found =
      path === null
        ? null
        : await sharp(join(folder, path))
            .metadata()
            .catch(() => null);
    if (found !== null) return Math.min(3, Math.max(1 / 3, found.autoOrient.width / found.autoOrient.height));
  }
  return 1;
}

async function readPictures(folder: string, layout: LineageLayout): Promise<Map<number, string>> {
  const { default: sharp } = await import('sharp');
  const found = new Map<number, string>();
  const nodes = layout.columns.flatMap((column) => column.nodes.filter(({ isCarried }) => !isCarried));
  // Small ones twice as fine as they are shown; of very many, as they are.
  const scale = nodes.length > 200 ? 1 : 2;
  const [widthPx, heightPx] = [scale * layout.cellWidthPx, scale * layout.cellHeightPx];
  for (let at = 0; at < nodes.length; at += AT_A_TIME) {
    const some = nodes.slice(at, at + AT_A_TIME).map(async ({ index, path }) => {
      if (path === null) return;
      const picture = await sharp(join(folder, path), {
        autoOrient: true,
        limitInputPixels: MAX_INPUT_PIXELS,
      })
        .resize(widthPx, heightPx, { fit: 'cover' })
        .flatten({ background: '#fff' })
        .jpeg({ quality: 74 })
        .toBuffer()
        .catch(() => null);
      if (picture !== null) found.set(index, `data:image/jpeg;base64,${picture.toString('base64')}`);
    });
    await Promise.all(some);
  }
  return found;
}
