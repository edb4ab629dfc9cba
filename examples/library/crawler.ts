// Reads the pages of a site's map, four at a time and 600 a minute at most, and makes an image for
// the title of each.
import { map, mergeMap, of } from 'rxjs';
import { images } from 'rxposure';
import { createGovernor, paced, pullMap, retryBackoff } from 'rxposure/rx';

const governor = createGovernor({ perMinute: 600 });

async function read(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} responds with ${response.status}`);
  return response.text();
}

async function* pages(siteMap: string) {
  for (const [, url = ''] of (await read(siteMap)).matchAll(/<loc>(.*?)<\/loc>/g)) yield url;
}

const titleOf = (page: string) => /<title>(.*?)<\/title>/.exec(page)?.[1] ?? 'a page without a title';
const readTitle = (url: string) =>
  of(url).pipe(paced(governor), mergeMap(read), retryBackoff({ retries: 3 }), map(titleOf));
const titles = pullMap(pages(`${process.env.SITE}/sitemap.xml`), readTitle, { concurrency: 4 });
await images(titles, { model: 'black-forest-labs/flux-schnell', to: 'out/site' });
