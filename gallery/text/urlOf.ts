/**
 * Returns the URL of a file of the run, relative to the page. It is always a path, even for a name
 * like `javascript:`.
 */
export function urlOf(path: string): string {
  return `./${path.split('/').map(encodeURIComponent).join('/')}`;
}
