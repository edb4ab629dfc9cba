/** Where a file of the run lies, as seen from the page. Never anything but a path: a name like `javascript:` is one too. */
export function urlOf(path: string): string {
  return `./${path.split('/').map(encodeURIComponent).join('/')}`;
}
