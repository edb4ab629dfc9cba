/**
 * Where the next page of a list is: as the service names it, unless that leads to another origin, as it does behind a
 * proxy. Then its query at our own, because the token is for that one only. Throws where `next` is no URL.
 */
export function pageUrl(next: string, baseUrl: string): URL {
  const url = new URL(next, baseUrl);
  if (url.origin === new URL(baseUrl).origin) return url;
  return new URL(`${baseUrl.replace(/\/$/, '')}/predictions${url.search}`);
}
