import { statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Returns the paths of the pages and pictures to look at in a run folder, if they exist, in the
 * order in which to open them.
 */
export function pagesIn(folder: string): string[] {
  const paths = [
    join(folder, 'gallery.html'),
    join(folder, 'lineage.png'),
    join(folder, 'ab.html'),
    join(folder, 'comparison-grid.jpg'),
  ];
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/** Returns a line for each of them, with an address that terminals open. */
export function lookLines(folder: string): string[] {
  return pagesIn(folder).map((path, index) => {
    return `  ${index === 0 ? 'look' : '    '}     ${pathToFileURL(path).href}`;
  });
}
