import type { GridAxis } from './Grid.ts';

/**
 * How a grid's files are organised where nobody says: of two axes the first makes folders, of three and more the first two;
 * the others name the files. Numbers are told with their axis: `guidance-2.5`.
 *
 *     product, light            {product}/{index:04}-{light}
 *     product, light, guidance  {product}/{light}/{index:04}-guidance-{guidance}
 */
export function gridOrganize(axes: readonly GridAxis[]): string {
  const names = axes.map(placeholderOf);
  const folders = names.slice(0, Math.min(2, names.length - 1));
  const file = ['{index:04}', ...names.slice(folders.length)].join('-');
  return [...folders, names.length === 0 ? '{index:04}-{slug}' : file].join('/');
}

function placeholderOf({ values }: GridAxis): string {
  const [first] = values;
  // Of values side by side the first says enough.
  const [name = '', text = ''] = Object.entries(first?.tags ?? {})[0] ?? [];
  if (name === 'prompt') return '{slug}';
  const isText = !/^(-?\d[\d.e+-]*|true|false|null)$/.test(text);
  return isText ? `{${name}}` : `${name}-{${name}}`;
}
