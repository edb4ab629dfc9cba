const TYPES: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['webp', 'image/webp'],
]);

/** The content type of an output file by its name. */
export function contentTypeOf(name: string): string {
  return TYPES.get(name.split('.').at(-1) ?? '') ?? 'application/octet-stream';
}
