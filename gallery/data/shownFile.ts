import type { GalleryFile } from '../../src/sinks/gallery/galleryData.ts';
import type { Item } from './Item.ts';

/**
 * The file that tiles show: `original`, `deliverable` (the first rendition), or a rendition's name.
 */
export type Shown = string;

const MAX_NAMES = 12;

/** Returns the files that tiles can show, with their labels; empty if there are no renditions. */
export function shownChoices(items: readonly Item[]): (readonly [value: Shown, label: string])[] {
  const names = new Set<string>();
  let isAlwaysOne = true;
  for (const { files } of items) {
    for (const { name } of files.slice(1)) names.add(name);
    isAlwaysOne &&= files.length <= 2;
  }
  if (names.size === 0) return [];
  const single = isAlwaysOne || names.size > MAX_NAMES;
  const own: [string, string][] = single
    ? [['deliverable', 'Renditions']]
    : [...names].map((name) => [name, name]);
  return [['original', 'Originals'], ...own];
}

/**
 * Returns the file that tiles show at first: in a campaign the rendition for the platform, because
 * that one is published; else the original.
 */
export function firstShown(items: readonly Item[]): Shown {
  const rendered = items.filter(({ files }) => files.length > 1);
  const isCampaign = rendered.every(({ job, files }) => files[1]?.name === job.tags?.platform);
  return isCampaign && rendered.length > 0 ? 'deliverable' : 'original';
}

/** Returns the position among an item's files of the one to show. */
export function shownPosition({ files }: Item, shown: Shown): number {
  const position = shown === 'deliverable' ? 1 : files.findIndex(({ name }) => name === shown);
  return files[position]?.width === undefined ? 0 : position;
}

/** Returns the file to show; undefined if the item has none. */
export function shownFile(item: Item, shown: Shown): GalleryFile | undefined {
  return item.files[shownPosition(item, shown)];
}
