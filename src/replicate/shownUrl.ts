/** A URL as it may be shown: without its query, which can be a signature, and no more than the kind of a `data:` URL. */
export function shownUrl(url: string): string {
  if (/^data:/i.test(url)) return 'a data: URL';
  return URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : 'an unreadable URL';
}
