import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { isSimulated } from '../../base/service.ts';
import { escapeXml } from '../../base/text.ts';
import { writeChunks } from '../../disk/writeFiles.ts';
import type { Outcome } from '../../types.ts';
import { readRefinementHistory } from '../refinement/history.ts';
import type { Report } from '../report/report.ts';
import { galleryScript, galleryStyle } from './galleryAssets.ts';
import { galleryJob } from './galleryData.ts';
import { maxGalleryJobs, type Thumbnails } from './thumbnails.ts';

/** Size of a page's data, at most: a gallery with very long prompts shows fewer jobs. */
const MAX_DATA_CHARS = 24_000_000;

export interface GalleryConfig {
  /** Outcomes in input order. */
  outcomes: AsyncIterable<Outcome>;
  report: Report;
  thumbnails: Pick<Thumbnails, 'pathOf'>;
}

/**
 * Writes `gallery.html` into the run folder, in constant memory: one page that opens from the file
 * system and shows the images beside it. Of a very large run it shows the first jobs, with a note
 * about it. Rejects with `StorageError`.
 */
export function writeGallery(folder: string, config: GalleryConfig): Promise<void> {
  return writeChunks(join(folder, 'gallery.html'), pageOf(folder, config));
}

async function* pageOf(folder: string, config: GalleryConfig): AsyncGenerator<string> {
  const { outcomes, report, thumbnails } = config;
  const name = basename(folder);
  const { head, foot } = galleryDocument(name);
  // A damaged history is reported where a run continues from it.
  const refinement = await readRefinementHistory(folder).catch(() => null);
  const about = {
    name,
    report,
    ...(isSimulated(report.service) && { isSimulated: true }),
    ...(refinement !== null && { refinement }),
  };
  yield `${head}${scriptJson(about).slice(0, -1)},"jobs":[`;
  let chars = 0;
  let jobs = 0;
  for await (const outcome of outcomes) {
    if (jobs === maxGalleryJobs || chars > MAX_DATA_CHARS) break;
    const json = scriptJson(galleryJob(outcome, thumbnails));
    yield jobs === 0 ? json : `,\n${json}`;
    chars += json.length;
    jobs += 1;
  }
  yield `]}${foot}`;
}

/** Returns the gallery's page, before and after its data. */
export function galleryDocument(name: string, { isLive = false } = {}): PageDocument {
  return pageDocument(name, { script: galleryScript, style: galleryStyle, isLive });
}

/** A page, split where its data goes. */
interface PageDocument {
  readonly head: string;
  readonly foot: string;
}

interface PageDocumentConfig {
  script: string;
  style: string;
  /** Allows the page to connect to its own server, for live updates. Default false. */
  isLive?: boolean;
}

/**
 * Returns a page that shows the data between its two parts. A Content Security Policy admits only
 * its own script and style (by hash), images beside it and, if it is live, events of its server. No
 * text can become HTML (Trusted Types).
 */
export function pageDocument(
  name: string,
  { script, style, isLive = false }: PageDocumentConfig,
): PageDocument {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "img-src 'self' file:",
    ...(isLive ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const head = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeXml(name)}</title>
<style>${style}</style>
</head>
<body>
<noscript>This page lists the pictures of a run with a script of its own. The pictures lie beside it in this folder.</noscript>
<script type="application/json" id="data">`;
  return { head, foot: `</script>\n<script>${script}</script>\n</body>\n</html>\n` };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/**
 * Serializes a value as JSON that is safe in a `<script>` element: it cannot end the element or
 * begin a comment.
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
