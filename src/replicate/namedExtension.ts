/** Types of `data:` URLs that say nothing in their content. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['text/plain', 'txt'],
  ['text/csv', 'csv'],
  ['text/markdown', 'md'],
  ['text/html', 'html'],
  ['application/json', 'json'],
]);
/** The longest type that is looked at: behind it are the data. */
const TYPE_CHARS = 100;

/** The extension in a URL's path, or for the type of a `data:` URL, in small letters and without a dot; null where it has none. */
export function namedExtension(url: string): string | null {
  const [, type] = /^data:([^;,]*)/i.exec(url.slice(0, TYPE_CHARS)) ?? [];
  if (type !== undefined) return TYPES.get(type.toLowerCase()) ?? null;
  const { pathname = '' } = URL.parse(url) ?? {};
  const [, extension] = /\.([a-z0-9]{1,12})$/i.exec(pathname) ?? [];
  return extension?.toLowerCase() ?? null;
}
