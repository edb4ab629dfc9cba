import { statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface LookConfig {
  /** False leaves out the gallery: that of an earlier run is out of date. Default true. */
  readonly gallery?: boolean;
}

/**
 * Returns the paths of the pages and pictures to look at in a run folder, if they exist, in the
 * order in which to open them.
 */
export function pagesIn(folder: string, { gallery = true }: LookConfig = {}): string[] {
  const paths = [
    ...(gallery ? [join(folder, 'gallery.html'), join(folder, 'lineage.png')] : []),
    join(folder, 'ab.html'),
    join(folder, 'comparison-grid.jpg'),
  ];
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/** Returns a line for each of them, with an address that terminals open. */
export function lookLines(folder: string, config: LookConfig = {}): string[] {
  return pagesIn(folder, config).map((path, index) => {
    return `  ${index === 0 ? 'look' : '    '}     ${pathToFileURL(path).href}`;
  });
}
