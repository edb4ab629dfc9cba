import type { PickedFileKind } from '../../src/sinks/picks/picks.ts';
import type { Item } from '../data/Item.ts';

/** Returns the paths of the files of items, those of a kind, as `copyPicks` copies them. */
export function pathsOfKind(items: readonly Item[], kind: PickedFileKind): string[] {
  return items.flatMap(({ files }) => {
    const [original, ...renditions] = files;
    const isOriginal = kind === 'originals' || (kind === 'renditions' && renditions.length === 0);
    const chosen = kind === 'all' ? files : isOriginal && original ? [original] : renditions;
    return chosen.map(({ path }) => path);
  });
}
